import type { Db } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import { sql } from 'kysely';
import { notFound, ProblemError } from '../problem.ts';

/** How far the cancellation of a show, or of an event with all its shows, has come. Counts are of bookings and of refunds. */
export interface CancellationProgress {
  reason: string;
  /** The admin. */
  cancelledBy: string;
  startedAt: Date;
  /** When the last booking was cancelled and its refund asked for; null until then. */
  finishedAt: Date | null;
  /** Bookings that had to be cancelled. */
  total: number;
  cancelled: number;
  /** Refunds asked for since it started; those that are neither made nor failed are on their way. */
  refunds: number;
  refunded: number;
  /** Refunds that the provider did not take, for a person to look at. */
  refundsFailed: number;
}

interface Why {
  status: string;
  reason: string | null;
  cancelledBy: string | null;
  startedAt: Date | null;
  finishedAt: Date | null;
}

/** @throws `not_found`, `invalid_state` (it is not cancelled) */
export async function findShowProgress(db: Db, showId: string): Promise<CancellationProgress> {
  return present(await findWhy(db, 'shows', showId), await countFor(db, 'id', showId));
}

/** @throws as `findShowProgress` */
export async function findEventProgress(db: Db, eventId: string): Promise<CancellationProgress> {
  return present(await findWhy(db, 'events', eventId), await countFor(db, 'event_id', eventId));
}

async function findWhy(db: Db, of: 'shows' | 'events', id: string): Promise<Why> {
  const row = await db
    .selectFrom(of)
    .select(['status', 'cancellation_reason as reason', 'cancelled_by as cancelledBy'])
    .select(['cancelled_at as startedAt', 'cancellation_finished_at as finishedAt'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (!row) throw notFound();
  return row;
}

function present({ status, reason, cancelledBy, startedAt, finishedAt }: Why, counts: Counts): CancellationProgress {
  if (reason === null || cancelledBy === null || startedAt === null) {
    throw new ProblemError({ code: 'invalid_state', state: status });
  }
  const { open, cancelled, ...refunds } = counts;
  return { reason, cancelledBy, startedAt, finishedAt, total: cancelled + open, cancelled, ...refunds };
}

type Counts = Pick<CancellationProgress, 'cancelled' | 'refunds' | 'refunded' | 'refundsFailed'> & { open: number };

/** What happened to the bookings of these shows since each was cancelled. */
async function countFor(db: Db, column: 'id' | 'event_id', id: string): Promise<Counts> {
  const shard = shardOf(id);
  const { rows } = await sql<Counts>`
    SELECT coalesce(sum(b.open), 0)::int AS open, coalesce(sum(c.cancelled), 0)::int AS cancelled,
      coalesce(sum(r.refunds), 0)::int AS refunds, coalesce(sum(r.refunded), 0)::int AS refunded,
      coalesce(sum(r.failed), 0)::int AS "refundsFailed"
    FROM shows s
    CROSS JOIN LATERAL (SELECT count(DISTINCT booking_id) AS open FROM tickets t
      WHERE t.show_id = s.id AND t.shard = ${shard} AND t.status IN ('held', 'valid', 'used') AND (t.status <> 'held'
        OR EXISTS (SELECT FROM bookings WHERE id = t.booking_id AND shard = ${shard} AND status = 'paying'))) AS b
    CROSS JOIN LATERAL (SELECT count(*) AS cancelled FROM bookings
      WHERE show_id = s.id AND shard = ${shard} AND status = 'cancelled' AND cancelled_at >= s.cancelled_at) AS c
    CROSS JOIN LATERAL (SELECT count(*) AS refunds, count(*) FILTER (WHERE status = 'succeeded') AS refunded,
        count(*) FILTER (WHERE status = 'failed') AS failed
      FROM payments
      WHERE show_id = s.id AND shard = ${shard} AND kind = 'refund' AND created_at >= s.cancelled_at) AS r
    WHERE ${sql.ref(`s.${column}`)} = ${id} AND s.cancelled_at IS NOT NULL`.execute(db);
  return rows[0]!;
}
