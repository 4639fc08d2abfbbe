import type { Trx } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import { type CompiledQuery, sql } from 'kysely';
import { notFound } from '../problem.ts';

/** A show's row of the inventory. */
export interface InventoryRow {
  /** Grows with every change. */
  version: number;
  /** How many wait. */
  waiting: number;
  /** In the line, of whoever joins next; 1 as long as nobody ever waited. */
  nextPosition: number;
}

/**
 * What takes a show's only inventory lock and answers its row; no row when there is no such show. Until the transaction
 * ends, nobody else changes what the show has to sell.
 */
export function inventoryLock(trx: Trx, showId: string): CompiledQuery<InventoryRow> {
  return sql<InventoryRow>`
    SELECT version, waiting, next_position AS "nextPosition" FROM show_inventory
    WHERE show_id = ${showId} AND shard = ${shardOf(showId)} FOR NO KEY UPDATE`.compile(trx);
}

/** Takes the lock. @throws `not_found` */
export async function lockInventory(trx: Trx, showId: string): Promise<void> {
  const { rows } = await trx.executeQuery(inventoryLock(trx, showId));
  if (rows.length === 0) throw notFound();
}
