/** A show's seat map as an application draws it, and how it changes. Pure. */
import type { Money, SeatLayout, SeatStates, Show } from './contract.ts';

/** What is seen of a seat. `held` may be free again soon, `blocked` is kept back by the organiser. */
export type SeatState = 'available' | 'held' | 'booked' | 'blocked';

/** A seat of a show, with all that there is to draw of it. */
export interface LiveSeat {
  readonly seatId: string;
  /** Where it stands among the `seats`. */
  readonly index: number;
  readonly sectionId: string;
  /** The name of its section. */
  readonly section: string;
  readonly row: string;
  readonly number: string;
  readonly x: number;
  readonly y: number;
  readonly price: Money;
  readonly state: SeatState;
}

/** A section of a show; one to stand in has no seats. */
export type LiveSection = Readonly<Show['sections'][number]>;

/** Who sits where, at one moment. What did not change since the last map is the same object as there. */
export interface LiveSeatMap {
  readonly showId: string;
  readonly layoutVersion: number;
  /** Changes with every change of what the show has to sell. */
  readonly version: number;
  /** In layout order. */
  readonly seats: readonly LiveSeat[];
  readonly sections: readonly LiveSection[];
}

type Sections = SeatStates['sections'];

/** A change of some seats, as the server tells it. */
export interface SeatChanges {
  version: number;
  changes: readonly { index: number; state: string }[];
  sections: Sections;
}

const STATES: Readonly<Record<string, SeatState>> = { a: 'available', h: 'held', b: 'booked', x: 'blocked' };

// What a newer server may say of a seat and we do not know, is nothing that one can have.
const readState = (letter: string | undefined): SeatState => STATES[letter ?? ''] ?? 'blocked';

/** The seats as they are laid out, all of them as the states have them. */
export function createSeatMap(layout: SeatLayout, show: Show, states: SeatStates): LiveSeatMap {
  const prices = new Map(show.sections.map(({ sectionId, price }) => [sectionId, price]));
  const seats: LiveSeat[] = [];
  for (const { sectionId, name, rows } of layout.sections) {
    const price = prices.get(sectionId);
    if (!price) throw new Error(`The show does not sell section ${sectionId} of its layout.`);
    for (const { row, seats: inRow } of rows) {
      for (const seat of inRow) {
        const index = seats.length;
        seats.push({ ...seat, index, sectionId, section: name, row, price, state: readState(states.states[index]) });
      }
    }
  }
  const { showId, layoutVersion, version } = states;
  return { showId, layoutVersion, version, seats, sections: withAvailable(show.sections, states.sections) };
}

/** The map with other states. */
export function replaceStates(map: LiveSeatMap, { version, states, sections }: SeatStates): LiveSeatMap {
  const changes = map.seats.map(({ index }) => ({ index, state: states[index] ?? '' }));
  return changeSeats(map, { version, changes, sections });
}

/** The map with some seats changed. */
export function changeSeats(map: LiveSeatMap, { version, changes, sections }: SeatChanges): LiveSeatMap {
  let seats: LiveSeat[] | null = null;
  for (const { index, state: letter } of changes) {
    const seat = map.seats[index];
    const state = readState(letter);
    if (!seat || seat.state === state) continue;
    seats ??= [...map.seats];
    seats[index] = { ...seat, state };
  }
  return { ...map, version, seats: seats ?? map.seats, sections: withAvailable(map.sections, sections) };
}

function withAvailable(known: readonly LiveSection[], now: Sections): readonly LiveSection[] {
  const available = new Map(now.map((section) => [section.sectionId, section.available]));
  const sections = known.map((section) => {
    const left = available.get(section.sectionId) ?? section.available;
    return left === section.available ? section : { ...section, available: left };
  });
  return sections.some((section, index) => section !== known[index]) ? sections : known;
}
