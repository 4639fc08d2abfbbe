import type { Db } from '@evently/db/client';
import { sql } from 'kysely';
import { MAX_SERVED_PER_BATCH } from '../box-office/decide/offers.ts';
import { MAX_EXPIRED_PER_BATCH } from '../box-office/load.ts';
import type { Services } from '../context.ts';

/** A bound on one round; the next one, a sweep interval later, takes the rest. */
const MAX_SHOWS = 200;
/** This many batches in a row clear any show. */
const MAX_BATCHES_PER_SHOW = 500;

/**
 * Ends the holds that nobody came back for, offers among them, and sends those home who wait when sales have ended. It first
 * reads which shows have something due, without a lock, and then sends each an empty batch, which does these things before
 * anything else: every show in its shard, by its box office.
 */
export async function sweepHolds({ db, boxOffice }: Pick<Services, 'db' | 'boxOffice'>): Promise<void> {
  for (const { showId, batches } of [...(await listDueShows(db)), ...(await listDueLines(db))]) {
    for (let i = 0; i < Math.min(batches, MAX_BATCHES_PER_SHOW); i += 1) {
      await boxOffice.submit(showId, { kind: 'sweep' });
    }
  }
}

interface DueShow {
  showId: string;
  batches: number;
}

async function listDueShows(db: Db): Promise<DueShow[]> {
  const { rows } = await sql<DueShow>`
    SELECT show_id AS "showId", ceil(count(*) / ${sql.lit(MAX_EXPIRED_PER_BATCH)}::numeric)::int AS batches FROM bookings
    WHERE status = 'held' AND expires_at <= clock_timestamp()
    GROUP BY show_id, shard ORDER BY min(expires_at) LIMIT ${MAX_SHOWS}`.execute(db);
  return rows;
}

/**
 * Shows where somebody waits and sales have ended; where somebody fits what is free, since sales were opened again or more
 * became free than one batch can offer; and where places were saved for long enough.
 */
async function listDueLines(db: Db): Promise<DueShow[]> {
  const { rows } = await sql<DueShow>`
    SELECT i.show_id AS "showId", ceil(i.waiting / ${sql.lit(MAX_SERVED_PER_BATCH)}::numeric)::int AS batches
    FROM show_inventory i JOIN shows s ON s.id = i.show_id JOIN events e ON e.id = s.event_id
    WHERE i.waiting > 0 AND (s.status = 'cancelled' OR e.status = 'cancelled'
      OR coalesce(s.sales_close_at, s.starts_at) <= clock_timestamp()
      OR EXISTS (SELECT FROM show_sections p
        CROSS JOIN LATERAL (SELECT FROM waitlist_entries w WHERE w.show_id = i.show_id AND w.shard = i.shard
          AND w.status = 'waiting' AND coalesce(w.section_id, p.section_id) = p.section_id
          AND w.quantity <= p.capacity - p.held - p.sold - p.blocked LIMIT 1) AS fits
        WHERE p.show_id = i.show_id AND p.shard = i.shard AND p.capacity > p.held + p.sold + p.blocked))
    UNION
    SELECT DISTINCT show_id, 1 FROM waitlist_entries WHERE saves_until <= clock_timestamp()
    LIMIT ${MAX_SHOWS}`.execute(db);
  return rows;
}
