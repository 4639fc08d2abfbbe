import type { Trx } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import { notFound } from '../problem.ts';

/**
 * Takes a show's only inventory lock and answers its version. Until the transaction ends, nobody else changes what the
 * show has to sell.
 *
 * @throws `not_found`
 */
export async function lockInventory(trx: Trx, showId: string): Promise<{ version: number }> {
  const row = await trx
    .selectFrom('show_inventory')
    .select('version')
    .where('show_id', '=', showId)
    .where('shard', '=', shardOf(showId))
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!row) throw notFound();
  return row;
}
