import type { Db } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import { sql } from 'kysely';

/** The present version of each show's inventory, in one statement; null where there is no such show. */
export async function listVersions(db: Db, showIds: readonly string[]): Promise<(number | null)[]> {
  const { rows } = await sql<{ n: number; version: number }>`
    SELECT s.n::int AS n, i.version
    FROM unnest(${showIds}::uuid[], ${showIds.map(shardOf)}::smallint[]) WITH ORDINALITY AS s (show_id, shard, n)
    CROSS JOIN LATERAL (SELECT version FROM show_inventory
      WHERE show_id = s.show_id AND shard = s.shard LIMIT 1) AS i`.execute(db);
  const versions = new Map(rows.map(({ n, version }) => [n, version]));
  return showIds.map((_, index) => versions.get(index + 1) ?? null);
}
