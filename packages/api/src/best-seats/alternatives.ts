import { LRUCache } from 'lru-cache';
import type { ShowPlan, ShowPlans } from '../box-office/plans.ts';
import { findSeat } from '../box-office/plans.ts';
import { inTime } from '../in-time.ts';
import type { SeatMaps } from '../live/seat-maps.ts';
import type { SeatSuggestion } from '../problem.ts';
import { indexSeats } from '../shows/seats.ts';
import type { Show } from '../shows/shows.ts';
import { createOffers, type Offers, type Turns } from './offers.ts';
import { listOpenSections } from './open-sections.ts';
import type { ShowTerms } from './show-terms.ts';

/**
 * What those are offered who were refused a seat. In a rush that is thousands a second, so all of it comes from memory: the
 * free seats of a show are looked through at most a twentieth of the time, for everybody who is refused meanwhile, and each
 * of them is dealt other ones. It is a courtesy: it never fails, and is left out when it would cost the sale too much.
 */
export interface Alternatives {
  /**
   * @param asked the seats that somebody asked for, all of them
   * @param refused those of them that they cannot have
   * @returns seats for as many, best first; empty when there are none, or no time to look
   */
  find(showId: string, asked: readonly string[], refused: readonly string[]): Promise<SeatSuggestion[]>;
}

/** A look serves for so many times as long as it took: longer for larger halls, within these bounds. */
const SERVES_TIMES = 20;
const LEAST_SERVES_MS = 5;
const MOST_SERVES_MS = 200;
/** When a show cannot be looked at again, the last look is good for as long as this. */
const STALE_MS = 1000;
/**
 * How long a refusal waits for a look: the longer, the older what it would be offered instead. Most looks come within the same
 * turn of the event loop; some ask the database, which nobody needs to wait for in a rush.
 */
const patienceMs = (ageMs: number) => (ageMs < MOST_SERVES_MS ? 1 : ageMs < STALE_MS ? 20 : 100);
/** In each tenth of a second this much of the process may go into it; who is refused beyond that is only refused. */
const WINDOW_MS = 100;
const BUDGET_MS = 5;
/** Shows that people fight over at the same time; a stadium takes a few megabytes. */
const MAX_SHOWS = 20;
/** Seats that people were refused, of a show. */
const MAX_TURNS = 10_000;

interface Looked {
  offers: Offers | null;
  /** Outlive a look, so that nobody is sent where somebody was sent a moment ago. */
  turns: Turns;
  version: number;
  terms: Show | null;
  /** By the clock. */
  lookedAt: number;
  servesMs: number;
  looking: Promise<void> | null;
}

export interface AlternativesSettings {
  plans: ShowPlans;
  seatMaps: Pick<SeatMaps, 'read'>;
  terms: ShowTerms;
  /** Milliseconds that never go back. */
  clock?: () => number;
}

export function createAlternatives(settings: AlternativesSettings): Alternatives {
  const { plans, seatMaps, terms, clock = () => performance.now() } = settings;
  const shows = new LRUCache<string, Looked>({ max: MAX_SHOWS });
  const budget = createBudget(clock);

  async function look(show: Looked, plan: ShowPlan): Promise<void> {
    const [states, found] = await Promise.all([seatMaps.read(plan.showId), terms.find(plan.showId)]);
    const now = clock();
    // Whoever comes when all is quiet again is offered what is nearest.
    if (now - show.lookedAt >= STALE_MS || show.turns.size > MAX_TURNS) show.turns.clear();
    show.lookedAt = now;
    if (show.offers && show.version === states.version && show.terms === found) return;
    const currency = found.sections[0]?.price.currency ?? '';
    show.offers = budget.spend(() => createOffers(listOpenSections(plan, found, states), currency, show.turns));
    show.version = states.version;
    show.terms = found;
    show.servesMs = Math.min(MOST_SERVES_MS, Math.max(LEAST_SERVES_MS, SERVES_TIMES * (clock() - now)));
  }

  async function offersOf(plan: ShowPlan): Promise<Offers | null> {
    const known = shows.get(plan.showId);
    const show = known ?? newLooked();
    if (!known) shows.set(plan.showId, show);
    const ageMs = clock() - show.lookedAt;
    if (ageMs < show.servesMs) return show.offers;
    show.looking ??= look(show, plan).finally(() => {
      show.looking = null;
    });
    // The refusal is the answer; that the seats could not be looked at, or not soon, is not for this caller to hear.
    await inTime(show.looking, patienceMs(ageMs)).catch(() => undefined);
    return clock() - show.lookedAt < STALE_MS ? show.offers : null;
  }

  return {
    async find(showId, asked, refused) {
      if (budget.isSpent()) return [];
      const plan = await plans.find(showId);
      const sectionId = plan && mostNamed(asked.flatMap((seatId) => findSeat(plan, seatId)?.sectionId ?? []));
      if (!sectionId) return [];
      const offers = await offersOf(plan);
      const near = [...refused, ...asked].find((seatId) => findSeat(plan, seatId)?.sectionId === sectionId);
      const index = indexSeats(plan).get(near ?? '') ?? 0;
      const wish = { quantity: asked.length, sectionId, index, seatIds: new Set(refused) };
      return offers ? budget.spend(() => offers.deal(wish)) : [];
    },
  };
}

const newLooked = (): Looked => ({
  offers: null,
  turns: new Map(),
  version: 0,
  terms: null,
  lookedAt: Number.NEGATIVE_INFINITY,
  servesMs: 0,
  looking: null,
});

function mostNamed(names: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0];
}

function createBudget(clock: () => number) {
  let windowFrom = Number.NEGATIVE_INFINITY;
  let spentMs = 0;
  return {
    isSpent(): boolean {
      const now = clock();
      if (now - windowFrom >= WINDOW_MS) {
        windowFrom = now;
        spentMs = 0;
      }
      return spentMs >= BUDGET_MS;
    },
    spend<T>(work: () => T): T {
      const began = clock();
      const result = work();
      spentMs += clock() - began;
      return result;
    },
  };
}
