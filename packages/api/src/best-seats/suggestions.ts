/** Which seats are suggested to a party that may sit in several sections. Pure. */
import type { SeatSuggestion } from '../problem.ts';
import type { OpenSection } from './open-sections.ts';
import { listPlacements, type Placement } from './place-party.ts';

export interface Wish {
  quantity: number;
  /** Absent: wherever there are seats. */
  sectionIds?: readonly string[] | undefined;
  /** Minor units of the show's currency, for each seat. */
  maxPrice?: number | undefined;
}

/** Enough to choose from. */
export const MAX_SUGGESTIONS = 5;

interface Candidate extends Placement {
  section: OpenSection;
  /** Its rank among those of its section. */
  rank: number;
}

/**
 * The best places for a party, at most five, each in another row; a party is never spread over two sections. Those where it
 * sits together come first, then those that leave no single seat behind; among these each section is named before another is
 * named twice, in layout order. Where it can sit together, nothing else is suggested.
 */
export function listSuggestions(sections: readonly OpenSection[], wish: Wish, currency: string): SeatSuggestion[] {
  const candidates = sections
    .filter((section) => suits(section, wish))
    .flatMap((section) => candidatesIn(section, wish.quantity))
    .toSorted((a, b) => a.pieces - b.pieces || a.orphans - b.orphans || a.rank - b.rank);
  const isTogether = candidates[0]?.pieces === 1;
  return candidates
    .filter(({ pieces }) => !isTogether || pieces === 1)
    .slice(0, MAX_SUGGESTIONS)
    .map((candidate) => toSuggestion(candidate.section, candidate, currency));
}

const suits = ({ sectionId, price, available }: OpenSection, { quantity, sectionIds, maxPrice }: Wish): boolean =>
  available >= quantity &&
  (sectionIds === undefined || sectionIds.includes(sectionId)) &&
  (maxPrice === undefined || price <= maxPrice);

const candidatesIn = (section: OpenSection, quantity: number): Candidate[] =>
  listPlacements(section.rows, section.isFree, quantity, MAX_SUGGESTIONS).map((placement, rank) => ({
    ...placement,
    section,
    rank,
  }));

/** A placement with what it costs. */
export function toSuggestion(
  { sectionId, price }: Pick<OpenSection, 'sectionId' | 'price'>,
  { seatIds, pieces, orphans }: Placement,
  currency: string,
): SeatSuggestion {
  const total = { amount: price * seatIds.length, currency };
  return { seatIds, sectionId, adjacent: pieces === 1, orphans, total };
}
