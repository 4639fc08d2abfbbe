/** What of a show can be suggested. Pure. */
import type { ShowPlan } from '../box-office/plans.ts';
import type { Show } from '../shows/shows.ts';
import type { IsFree, Rows } from './runs.ts';

/** A seated section at one moment. */
export interface OpenSection {
  sectionId: string;
  /** Minor units of the show's currency, for each seat. */
  price: number;
  /** How many places can be had: fewer than the free seats where its capacity is lowered or somebody waits for them. */
  available: number;
  rows: Rows;
  isFree: IsFree;
  /** Where its first seat stands among those of the show. */
  first: number;
}

/** As much of a show as its sections are offered by. */
export type Terms = Pick<Show, 'maxPerBooking' | 'sections'>;

/** The seats of a show at one moment. */
export interface States {
  /** One letter a seat, in layout order; `a` is free. */
  states: string;
  sections: readonly { sectionId: string; available: number }[];
}

const FREE = 'a'.charCodeAt(0);

/** The seated sections of a show in layout order, which is best first. */
export function listOpenSections({ layout, sectionIds }: ShowPlan, terms: Terms, states: States): OpenSection[] {
  const prices = new Map(terms.sections.map(({ sectionId, price }) => [sectionId, price.amount]));
  const available = new Map(states.sections.map((section) => [section.sectionId, section.available]));
  const open: OpenSection[] = [];
  let first = 0;
  for (const { sectionId, kind, rows } of layout.sections) {
    if (kind !== 'seated' || !sectionIds.has(sectionId)) continue;
    const from = first;
    open.push({
      sectionId,
      price: prices.get(sectionId) ?? 0,
      available: available.get(sectionId) ?? 0,
      rows: rows.map(({ seats }) => seats),
      isFree: (_seatId, place) => states.states.charCodeAt(from + place) === FREE,
      first,
    });
    first += rows.reduce((sum, { seats }) => sum + seats.length, 0);
  }
  return open;
}
