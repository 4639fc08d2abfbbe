import type { Db } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import { sql } from 'kysely';
import { together } from '../together.ts';

/** A request that may have been sent before. */
export interface Repeatable {
  showId: string;
  userId: string;
  idempotencyKey: string;
}

/** As many as a statement looks for without growing slow. */
const MAX_ASKED = 256;

/** Whether a booking was made with this key already; those who ask at the same time are looked for together. */
export const createFindRepeated = (db: Db): ((request: Repeatable) => Promise<boolean>) =>
  together((requests: readonly Repeatable[]) => listRepeated(db, requests), MAX_ASKED);

async function listRepeated(db: Db, requests: readonly Repeatable[]): Promise<boolean[]> {
  const shows = requests.map(({ showId }) => showId);
  const users = requests.map(({ userId }) => userId);
  const keys = requests.map(({ idempotencyKey }) => idempotencyKey);
  const { rows } = await sql<{ n: number }>`
    SELECT v.n FROM unnest(${shows}::uuid[], ${users}::uuid[], ${keys}::text[], ${shows.map(shardOf)}::smallint[])
      WITH ORDINALITY AS v (show_id, user_id, key, shard, n)
    CROSS JOIN LATERAL (SELECT FROM bookings AS b WHERE b.show_id = v.show_id AND b.user_id = v.user_id
      AND b.idempotency_key = v.key AND b.shard = v.shard LIMIT 1) AS found`.execute(db);
  const repeated = new Set(rows.map(({ n }) => n));
  return requests.map((_, index) => repeated.has(index + 1));
}
