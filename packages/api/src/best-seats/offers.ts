/** What those are offered who were refused a seat, out of what was free at one moment. Does no I/O. */
import type { SeatSuggestion } from '../problem.ts';
import type { OpenSection } from './open-sections.ts';
import { type Piece, sortLongestFirst, tearParty, toPlacement } from './place-party.ts';
import { listAllRuns, orphansOf, type Run } from './runs.ts';
import { toSuggestion } from './suggestions.ts';

/** What somebody asked for and did not get. */
export interface Refused {
  quantity: number;
  sectionId: string;
  /** Where the seat that they were refused stands among those of the show. */
  index: number;
  /** The seats that they were refused; none of them is offered. */
  seatIds: ReadonlySet<string>;
}

/** What was free of a show at one moment, dealt out in turn: whoever is refused next to somebody else is sent elsewhere. */
export interface Offers {
  /**
   * Seats for as many, at most three times: adjacent ones in the same section and near the refused seats first, then in sections of
   * a similar price; where no party of this size can sit together any more, torn ones. Empty when there are none.
   */
  deal(refused: Refused): SeatSuggestion[];
}

/** How many ways were dealt out around each seat that somebody was refused. */
export type Turns = Map<string, number>;

/** Enough to choose from, and little enough to be sent with every refusal. */
const MAX_DEALT = 3;
/** Ways to tear a party, per section: they are for the end of a sale. */
const MAX_TORN = 16;

interface FreeSection {
  section: OpenSection;
  runs: readonly Run[];
  /** By how many sit together, and whether they do; each made when somebody first asks for so many. */
  decks: Map<string, Deck>;
}

/** Ways to seat a party in a section that do not touch each other, in layout order. */
interface Deck {
  size: number;
  at: (index: number) => readonly Piece[];
  /** The way that is nearest to a place. */
  nearest: (place: number) => number;
}

/** @param turns where the dealing goes on, and is left to go on */
export function createOffers(sections: readonly OpenSection[], currency: string, turns: Turns = new Map()): Offers {
  const sectionsWithRuns = sections.map(
    (section): FreeSection => ({
      section,
      runs: section.available > 0 ? listAllRuns(section.rows, section.isFree) : [],
      decks: new Map(),
    }),
  );
  const orders = new Map<string, readonly FreeSection[]>();

  /** The section itself, then the others, those of a similar price first. */
  function orderFrom(sectionId: string): readonly FreeSection[] {
    const known = orders.get(sectionId);
    if (known) return known;
    const home = sections.find((section) => section.sectionId === sectionId);
    if (!home) return [];
    const distanceOf = ({ section }: FreeSection) => (section === home ? -1 : Math.abs(section.price - home.price));
    const order = sectionsWithRuns.toSorted((a, b) => distanceOf(a) - distanceOf(b));
    orders.set(sectionId, order);
    return order;
  }

  function draw({ section, runs, decks }: FreeSection, refused: Refused, isTogether: boolean, most: number) {
    const { quantity, sectionId, index, seatIds } = refused;
    const key = `${quantity} ${isTogether}`;
    const deck = decks.get(key) ?? (isTogether ? listTogether : listTorn)(runs, quantity);
    decks.set(key, deck);
    // In another section no place is nearer than the best.
    const isHome = section.sectionId === sectionId;
    const centre = isHome ? deck.nearest(index - section.first) : 0;
    const turnKey = `${section.sectionId} ${key} ${isHome ? index : ''}`;
    let turn = turns.get(turnKey) ?? 0;
    const drawn: SeatSuggestion[] = [];
    // Ways do not touch each other, so each refused seat lies in one of them at most.
    for (let tries = Math.min(deck.size, most + seatIds.size); tries > 0 && drawn.length < most; tries -= 1) {
      const placement = toPlacement(section.rows, deck.at(around(centre, turn % deck.size, deck.size)));
      turn += 1;
      const isRefused = placement.seatIds.some((seatId) => seatIds.has(seatId));
      if (!isRefused) drawn.push(toSuggestion(section, placement, currency));
    }
    turns.set(turnKey, turn);
    return drawn;
  }

  return {
    deal(refused) {
      const order = orderFrom(refused.sectionId).filter(({ section }) => section.available >= refused.quantity);
      for (const isTogether of [true, false]) {
        const dealt: SeatSuggestion[] = [];
        for (const free of order) {
          dealt.push(...draw(free, refused, isTogether, MAX_DEALT - dealt.length));
          if (dealt.length === MAX_DEALT) break;
        }
        if (dealt.length > 0) return dealt;
      }
      return [];
    },
  };
}

/** The centre, then one after it, one before it, and so on: each of them once within a round. */
function around(centre: number, turn: number, size: number): number {
  const step = turn % 2 === 1 ? (turn + 1) / 2 : -turn / 2;
  return (centre + step + size) % size;
}

/** Parties side by side, one beside the other: those that leave no single seat behind, or all where none does. */
function listTogether(runs: readonly Run[], quantity: number): Deck {
  const clean: number[] = [];
  const leaving: number[] = [];
  for (const run of runs) {
    const count = partiesIn(run.length, quantity);
    for (let index = 0; index < count; index += 1) {
      const from = run.from + offsetOf(index, count, run.length, quantity);
      (orphansOf(run, from, quantity) === 0 ? clean : leaving).push(from);
    }
  }
  const orphans = clean.length > 0 ? 0 : 1;
  const starts = orphans === 0 ? clean : leaving;
  return {
    size: starts.length,
    at: (index) => [{ from: starts[index]!, length: quantity, orphans }],
    nearest: (place) => nearestOf(starts, place),
  };
}

/** How many parties a run is divided into. One person beside a single seat would leave it an orphan, so two are passed over. */
function partiesIn(length: number, quantity: number): number {
  if (quantity > 1) return Math.floor(length / quantity);
  return length > 3 ? length - 2 : Math.ceil(length / 2);
}

/** Where in a run a party begins: the first at its beginning, the last at its end. */
function offsetOf(index: number, count: number, length: number, quantity: number): number {
  if (index > 0 && index === count - 1) return length - quantity;
  return quantity > 1 || index === 0 ? index * quantity : index + 1;
}

function nearestOf(starts: readonly number[], place: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! < place) low = middle + 1;
    else high = middle;
  }
  const isAfter = low < starts.length && (low === 0 || starts[low]! - place <= place - starts[low - 1]!);
  return Math.max(0, isAfter ? low : low - 1);
}

/** Torn parties, the least torn first; no two of them in the same run, so that each stays true when others are taken. */
function listTorn(runs: readonly Run[], quantity: number): Deck {
  const ways: Piece[][] = [];
  // No way takes more runs than the party has people.
  let left = sortLongestFirst(runs).slice(0, MAX_TORN * quantity);
  while (ways.length < MAX_TORN) {
    const way = tearParty(left, quantity);
    if (!way) break;
    ways.push(way);
    const isTouched = ({ from, length }: Run) => way.some((piece) => piece.from >= from && piece.from < from + length);
    left = left.filter((run) => !isTouched(run));
  }
  return { size: ways.length, at: (index) => ways[index]!, nearest: () => 0 };
}
