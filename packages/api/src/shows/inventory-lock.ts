import type { Trx } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import { type CompiledQuery, sql } from 'kysely';
import { notFound } from '../problem.ts';

/**
 * What takes a show's only inventory lock and answers its version; no row when there is no such show. Until the transaction
 * ends, nobody else changes what the show has to sell.
 */
export function inventoryLock(trx: Trx, showId: string): CompiledQuery<{ version: number }> {
  return sql<{ version: number }>`
    SELECT version FROM show_inventory WHERE show_id = ${showId} AND shard = ${shardOf(showId)} FOR NO KEY UPDATE`.compile(
    trx,
  );
}

/** Takes the lock. @throws `not_found` */
export async function lockInventory(trx: Trx, showId: string): Promise<void> {
  const { rows } = await trx.executeQuery(inventoryLock(trx, showId));
  if (rows.length === 0) throw notFound();
}
