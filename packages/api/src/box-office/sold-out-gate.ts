import type { Db } from '@evently/db/client';
import { type RawBuilder, sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { Changes } from '../changes.ts';
import type { Problem } from '../problem.ts';
import { openPlaces } from '../shows/availability.ts';
import { together } from '../together.ts';
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
  refuse: (showId: string, wish: Wish) => Promise<Problem | null>;
  /** A box office refused somebody for want of places, so it may be time to close. Returns at once. */
  consider: (plan: ShowPlan) => void;
}

interface Closed {
  plan: ShowPlan;
  /** What is left of each section. */
  available: ReadonlyMap<string, number>;
  maxPerBooking: number;
  /** Of the inventory that it closed on. */
  version: number;
  /** Who has never booked here. Of all others, a key may have an answer that only the box office knows. */
  strangers: Set<string>;
  /** By the monotonic clock. */
  until: number;
}

const LAPSE_MS = 1000;
/** Remembered per show; beyond, it begins anew. */
const MAX_STRANGERS = 100_000;
/** As many as a statement looks for without growing slow. */
const MAX_ASKED = 256;
const MAX_SHOWS = 50;
/** A show that is read and cannot be closed is not read again before this. */
const PAUSE_MS = 100;

/** What a show's gate closes on. */
interface Snapshot {
  onSale: boolean;
  maxPerBooking: number;
  /** Milliseconds until sales close, and until the first hold runs out; null without holds. */
  salesEndMs: number;
  holdEndMs: number | null;
  version: number;
  sections: { sectionId: string; available: number }[];
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
  /** What the gate knew when it lapsed, in case nothing has changed when it closes again. */
  const lapsed = new LRUCache<string, Closed>({ max: MAX_SHOWS });
  /** Those who come at the same time are looked for together. */
  const findWhether = together((visits: readonly Visit[]) => listWhether(db, visits), MAX_ASKED);

  changes.listen((change) => {
    if (change.kind === 'show') for (const kept of [closed, reading, lapsed]) kept.delete(change.showId);
    else if (change.kind === 'all' || change.kind === 'event') {
      for (const kept of [closed, reading, lapsed]) kept.clear();
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
      const last = lapsed.get(plan.showId);
      closed.set(plan.showId, {
        plan,
        version: found.version,
        // Whoever was a stranger is one as long as nothing changed.
        strangers: last?.version === found.version ? last.strangers : new Set(),
        available: new Map(found.sections.map(({ sectionId, available }) => [sectionId, available])),
        maxPerBooking: found.maxPerBooking,
        until: readAt + untilMs,
      });
    } catch {
      // It only sheds load; whatever is wrong with the database, the box office will say it.
    } finally {
      setTimeout(() => reading.get(plan.showId) === turn && reading.delete(plan.showId), PAUSE_MS).unref();
    }
  }

  return {
    async refuse(showId, wish) {
      const show = closed.get(showId);
      if (!show) return null;
      if (clock() >= show.until) {
        closed.delete(showId);
        lapsed.set(showId, show);
        return null;
      }
      const refusal = refuseAt(show, wish);
      if (!refusal || show.strangers.has(wish.userId)) return refusal;
      const { shard } = show.plan;
      const isStranger = await findWhether({ showId, shard, userId: wish.userId });
      // While we looked, the show may have changed, and with it who has booked.
      if (!isStranger || closed.get(showId) !== show) return null;
      if (show.strangers.size >= MAX_STRANGERS) show.strangers.clear();
      show.strangers.add(wish.userId);
      return refusal;
    },
    consider(plan) {
      if (!closed.has(plan.showId) && !reading.has(plan.showId)) void close(plan);
    },
  };
}

const isWorthIt = ({ onSale, sections }: Snapshot) => onSale && sections.some(({ available }) => available === 0);

interface Visit {
  showId: string;
  shard: number;
  userId: string;
}

/** Whether each has never booked anything in the show, be it that they gave it back. */
async function listWhether(db: Db, visits: readonly Visit[]): Promise<boolean[]> {
  const { rows } = await sql<{ n: number }>`
    SELECT v.n FROM unnest(${visits.map((v) => v.userId)}::uuid[], ${visits.map((v) => v.showId)}::uuid[],
      ${visits.map((v) => v.shard)}::smallint[]) WITH ORDINALITY AS v (user_id, show_id, shard, n)
    WHERE EXISTS (SELECT FROM (SELECT show_id FROM bookings WHERE user_id = v.user_id AND shard = v.shard OFFSET 0) AS b
      WHERE b.show_id = v.show_id)`.execute(db);
  const guests = new Set(rows.map(({ n }) => n));
  return visits.map((_, index) => !guests.has(index + 1));
}

/** The box office's own refusal, where the facts leave no doubt about it. */
function refuseAt({ plan, available, maxPerBooking }: Closed, wish: Wish): Problem | null {
  const { seatIds, sections } = wish;
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

/** One statement, hence one moment: what is left, and how long that may stay so. */
function snapshotOf({ showId, shard }: ShowPlan): RawBuilder<Snapshot> {
  const here = sql`show_id = ${showId} AND shard = ${shard}`;
  return sql<Snapshot>`
    SELECT s.status = 'scheduled' AND e.status = 'published' AND clock_timestamp() >= coalesce(s.sales_open_at, e.published_at)
        AND clock_timestamp() < coalesce(s.sales_close_at, s.starts_at) AS "onSale",
      s.max_per_booking AS "maxPerBooking",
      (extract(epoch FROM coalesce(s.sales_close_at, s.starts_at) - clock_timestamp()) * 1000)::float8 AS "salesEndMs",
      (SELECT (extract(epoch FROM min(expires_at) - clock_timestamp()) * 1000)::float8 FROM bookings
        WHERE ${here} AND status = 'held') AS "holdEndMs",
      (SELECT json_agg(json_build_object('sectionId', section_id, 'available', ${openPlaces}))
        FROM show_sections WHERE ${here}) AS sections,
      (SELECT version FROM show_inventory WHERE ${here}) AS version
    FROM shows s JOIN events e ON e.id = s.event_id WHERE s.id = ${showId}`;
}
