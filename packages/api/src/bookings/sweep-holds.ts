import type { Db } from '@evently/db/client';
import { sql } from 'kysely';
import { MAX_EXPIRED_PER_BATCH } from '../box-office/load.ts';
import type { Services } from '../context.ts';

/** A bound on one round; the next one, a sweep interval later, takes the rest. */
const MAX_SHOWS = 200;
/** This many batches in a row clear any show. */
const MAX_BATCHES_PER_SHOW = 500;

/**
 * Ends the holds that nobody came back for. It first reads which shows have something due, without a lock, and then sends
 * each an empty batch, which expires what is overdue before anything else: every show in its shard, by its box office.
 */
export async function sweepHolds({ db, boxOffice }: Pick<Services, 'db' | 'boxOffice'>): Promise<void> {
  for (const { showId, batches } of await listDueShows(db)) {
    for (let i = 0; i < Math.min(batches, MAX_BATCHES_PER_SHOW); i += 1) {
      await boxOffice.submit(showId, { kind: 'sweep' });
    }
  }
}

async function listDueShows(db: Db): Promise<{ showId: string; batches: number }[]> {
  const { rows } = await sql<{ showId: string; batches: number }>`
    SELECT show_id AS "showId", ceil(count(*) / ${sql.lit(MAX_EXPIRED_PER_BATCH)}::numeric)::int AS batches FROM bookings
    WHERE status = 'held' AND expires_at <= clock_timestamp()
    GROUP BY show_id, shard ORDER BY min(expires_at) LIMIT ${MAX_SHOWS}`.execute(db);
  return rows;
}
