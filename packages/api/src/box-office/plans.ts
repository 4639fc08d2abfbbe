import type { Db } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import { LRUCache } from 'lru-cache';
import type { Seat, SeatLayout, SeatLayouts } from '../venues/seat-layouts.ts';

/** What never changes about a show: which sections it sells and where its seats are. It may be kept between batches. */
export interface ShowPlan {
  showId: string;
  eventId: string;
  shard: number;
  sectionIds: ReadonlySet<string>;
  layout: SeatLayout;
}

export interface ShowPlans {
  /** Null when there is no such show. */
  find: (showId: string) => Promise<ShowPlan | null>;
}

/** Shows on sale at once in one process; the layouts behind them are shared and bounded by themselves. */
const MAX_PLANS = 2000;

export function createShowPlans(db: Db, layouts: SeatLayouts): ShowPlans {
  const kept = new LRUCache<string, ShowPlan>({ max: MAX_PLANS });
  return {
    async find(showId) {
      const known = kept.get(showId);
      if (known) return known;
      const plan = await loadPlan(db, layouts, showId);
      if (plan) kept.set(showId, plan);
      return plan;
    },
  };
}

async function loadPlan(db: Db, layouts: SeatLayouts, showId: string): Promise<ShowPlan | null> {
  const shard = shardOf(showId);
  const rows = await db
    .selectFrom('shows')
    .innerJoin('show_sections', 'show_sections.show_id', 'shows.id')
    .select(['event_id', 'venue_id', 'layout_version', 'section_id'])
    .where('shows.id', '=', showId)
    .where('show_sections.shard', '=', shard)
    .execute();
  const [first] = rows;
  if (!first) return null;
  const layout = await layouts.find(first.venue_id, first.layout_version);
  return { showId, eventId: first.event_id, shard, sectionIds: new Set(rows.map((row) => row.section_id)), layout };
}

/** The seat, if this show sells it. */
export function findSeat(plan: ShowPlan, seatId: string): Seat | undefined {
  const seat = plan.layout.seats.get(seatId);
  return seat && plan.sectionIds.has(seat.sectionId) ? seat : undefined;
}
