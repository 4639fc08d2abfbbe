import type { Db } from '@evently/db/client';
import { newId, shardOf } from '@evently/db/ids';
import { sql } from 'kysely';
import type { Services } from '../context.ts';
import { ProblemError } from '../problem.ts';

/** One transaction of the box office cancels this many: it is over in some twenty milliseconds. */
const BATCH_SIZE = 100;
/** A bound on one job, so that shows that are cancelled at the same time take turns; the next one takes up the rest. */
const MAX_BATCHES = 50;

/**
 * Cancels what was sold of a show that is cancelled, returns the money and releases the holds, batch by batch. It looks for
 * what is left each time, so that it may be stopped anywhere and run again, or twice at once. A booking whose charge is under
 * way is ended by whoever settles it; until then the cancellation is not finished.
 *
 * @throws `overloaded`
 */
export async function cancelBookings({ db, boxOffice }: Services, showId: string): Promise<void> {
  const shard = shardOf(showId);
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
    const bookingIds = await listOpenBookings(db, showId);
    if (bookingIds.length === 0) return await finish(db, showId);
    const answers = await Promise.all(
      bookingIds.map((bookingId) => boxOffice.submit(showId, { kind: 'close', bookingId, refundId: newId(shard) })),
    );
    for (const answer of answers) if ('problem' in answer) throw new ProblemError(answer.problem);
  }
}

/** By their live tickets, which have an index; what is cancelled is no longer in it. */
async function listOpenBookings(db: Db, showId: string): Promise<string[]> {
  const shard = shardOf(showId);
  const { rows } = await sql<{ id: string }>`
    SELECT DISTINCT id FROM (
      SELECT b.id FROM tickets t
      CROSS JOIN LATERAL (SELECT id, status FROM bookings WHERE id = t.booking_id AND shard = ${shard} LIMIT 1) AS b
      WHERE t.show_id = ${showId} AND t.shard = ${shard} AND t.status IN ('held', 'valid', 'used')
        AND b.status IN ('held', 'confirmed')
      LIMIT ${BATCH_SIZE}) AS open`.execute(db);
  return rows.map(({ id }) => id);
}

/** Nothing is sold of a cancelled show: what has no live ticket now never will again. */
async function finish(db: Db, showId: string): Promise<void> {
  await sql`
    UPDATE shows SET cancellation_finished_at = date_trunc('milliseconds', clock_timestamp())
    WHERE id = ${showId} AND cancelled_at IS NOT NULL AND cancellation_finished_at IS NULL
      AND NOT EXISTS (SELECT FROM tickets
        WHERE show_id = ${showId} AND shard = ${shardOf(showId)} AND status IN ('held', 'valid', 'used'))`.execute(db);
}
