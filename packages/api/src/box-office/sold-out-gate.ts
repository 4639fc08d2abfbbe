import type { Db } from '@evently/db/client';
import { type RawBuilder, sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { Changes } from '../changes.ts';
import type { Problem } from '../problem.ts';
import { findSeat, type ShowPlan } from './plans.ts';

/** What somebody wants of a show, as far as it can be refused without asking its box office. */
export interface Wish {
  userId: string;
  seatIds: readonly string[];
  sections: readonly { sectionId: string; quantity: number }[];
}

/**
 * Stands in front of the box offices and turns away who cannot be served, without a place in the queue, a lock or a
 * transaction: ten thousand who come too late cost no more than their requests. It decides nothing that the box office
 * would decide otherwise: it closes on what one statement read of a show, and opens with the next change of it, after a
 * second, or when the first hold runs out, whichever is first.
 */
export interface SoldOutGate {
  /** Why the wish cannot be served; null: ask the box office. */
  refuse: (showId: string, wish: Wish) => Problem | null;
  /** A box office refused somebody for want of places, so it may be time to close. Returns at once. */
  consider: (plan: ShowPlan) => void;
  /** Shows that are closed at this moment, at most. */
  size: () => number;
}

interface Closed {
  plan: ShowPlan;
  /** What is left of each section. */
  available: ReadonlyMap<string, number>;
  maxPerBooking: number;
  /** Who has ever booked here: their keys may have an answer, which only the box office knows. */
  known: ReadonlySet<string>;
  /** By the monotonic clock. */
  until: number;
}

const LAPSE_MS = 1000;
/** Whose bookings number more than this are not kept: reading them once a second would cost more than it saves. */
const MAX_KNOWN = 20_000;
const MAX_SHOWS = 200;
/** A show that is read and cannot be closed is not read again before this. */
const PAUSE_MS = 100;

/** What a show's gate closes on. */
interface Snapshot {
  onSale: boolean;
  maxPerBooking: number;
  /** Milliseconds until sales close, and until the first hold runs out; null without holds. */
  salesEndMs: number;
  holdEndMs: number | null;
  sections: { sectionId: string; available: number }[];
  known: string[];
}

export function createSoldOutGate(settings: {
  db: Db;
  changes: Pick<Changes, 'listen'>;
  clock?: () => number;
}): SoldOutGate {
  const { db, changes, clock = () => performance.now() } = settings;
  const closed = new LRUCache<string, Closed>({ max: MAX_SHOWS });
  /** Shows that are being read, and were read in vain a moment ago. A change takes a show out. */
  const reading = new LRUCache<string, object>({ max: MAX_SHOWS });

  changes.listen((change) => {
    if (change.kind === 'show') {
      closed.delete(change.showId);
      reading.delete(change.showId);
    } else if (change.kind === 'all' || change.kind === 'event') {
      closed.clear();
      reading.clear();
    }
  });

  async function close(plan: ShowPlan): Promise<void> {
    const turn = {};
    reading.set(plan.showId, turn);
    const readAt = clock();
    try {
      const { rows } = await snapshotOf(plan).execute(db);
      const [found] = rows;
      // The show changed while it was read, here or elsewhere: the next refusal will read it again.
      if (!found || reading.get(plan.showId) !== turn || !isWorthIt(found)) return;
      const untilMs = Math.min(LAPSE_MS, found.salesEndMs, found.holdEndMs ?? LAPSE_MS);
      closed.set(plan.showId, {
        plan,
        available: new Map(found.sections.map(({ sectionId, available }) => [sectionId, available])),
        maxPerBooking: found.maxPerBooking,
        known: new Set(found.known),
        until: readAt + untilMs,
      });
    } catch {
      // It only sheds load; whatever is wrong with the database, the box office will say it.
    } finally {
      setTimeout(() => reading.get(plan.showId) === turn && reading.delete(plan.showId), PAUSE_MS).unref();
    }
  }

  return {
    refuse(showId, wish) {
      const show = closed.get(showId);
      if (!show) return null;
      if (clock() >= show.until) {
        closed.delete(showId);
        return null;
      }
      return refuseAt(show, wish);
    },
    consider(plan) {
      if (!closed.has(plan.showId) && !reading.has(plan.showId)) void close(plan);
    },
    size: () => closed.size,
  };
}

const isWorthIt = ({ onSale, known, sections }: Snapshot) =>
  onSale && known.length <= MAX_KNOWN && sections.some(({ available }) => available === 0);

/** The box office's own refusal, where the facts leave no doubt about it. */
function refuseAt({ plan, available, maxPerBooking, known }: Closed, wish: Wish): Problem | null {
  const { userId, seatIds, sections } = wish;
  if (known.has(userId)) return null;
  const wanted = new Map<string, number>();
  for (const { sectionId, quantity } of sections) wanted.set(sectionId, (wanted.get(sectionId) ?? 0) + quantity);
  if (sections.reduce((sum, { quantity }) => sum + quantity, seatIds.length) > maxPerBooking) return null;
  if (seatIds.length > 0) {
    const isGone = (seatId: string) => available.get(findSeat(plan, seatId)?.sectionId ?? '') === 0;
    const isAll = wanted.size === 0 && seatIds.every(isGone);
    return isAll ? { code: 'seat_taken', seatIds: [...seatIds] } : null;
  }
  // A section that the show does not have comes before what is left of the others.
  for (const sectionId of wanted.keys()) if (!available.has(sectionId)) return null;
  for (const [sectionId, quantity] of wanted) {
    const left = available.get(sectionId) ?? 0;
    if (quantity > left) return { code: 'sold_out', sectionId, available: left };
  }
  return null;
}

/** One statement, hence one moment: what is left, who has booked, and how long that may stay so. */
function snapshotOf({ showId, shard }: ShowPlan): RawBuilder<Snapshot> {
  const here = sql`show_id = ${showId} AND shard = ${shard}`;
  return sql<Snapshot>`
    SELECT s.status = 'scheduled' AND e.status = 'published' AND clock_timestamp() >= coalesce(s.sales_open_at, e.published_at)
        AND clock_timestamp() < coalesce(s.sales_close_at, s.starts_at) AS "onSale",
      s.max_per_booking AS "maxPerBooking",
      (extract(epoch FROM coalesce(s.sales_close_at, s.starts_at) - clock_timestamp()) * 1000)::float8 AS "salesEndMs",
      (SELECT (extract(epoch FROM min(expires_at) - clock_timestamp()) * 1000)::float8 FROM bookings
        WHERE ${here} AND status = 'held') AS "holdEndMs",
      (SELECT json_agg(json_build_object('sectionId', section_id, 'available', capacity - held - sold - blocked))
        FROM show_sections WHERE ${here}) AS sections,
      ARRAY(SELECT DISTINCT user_id FROM bookings WHERE ${here} LIMIT ${sql.lit(MAX_KNOWN + 1)}) AS known
    FROM shows s JOIN events e ON e.id = s.event_id WHERE s.id = ${showId}`;
}
