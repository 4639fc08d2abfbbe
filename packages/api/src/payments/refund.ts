import { shardOf } from '@evently/db/ids';
import type { Services } from '../context.ts';
import { providerOf } from './collect.ts';

/**
 * Returns the money of refunds that were asked for. A refund that the provider does not take is tried again with the
 * job; on the last try it is marked as failed, for a person to look at.
 *
 * @throws AggregateError when some could not be made
 */
export async function makeRefunds(services: Services, refundIds: readonly string[], isLastTry: boolean): Promise<void> {
  const failures: unknown[] = [];
  for (const refundId of refundIds) {
    try {
      await makeRefund(services, refundId);
    } catch (error) {
      failures.push(error);
      if (isLastTry) await mark(services, refundId, 'failed');
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} refunds could not be made`);
}

async function makeRefund(services: Services, refundId: string): Promise<void> {
  const refund = await services.db
    .selectFrom('payments')
    .select(['id', 'charge_id', 'amount', 'currency', 'provider'])
    .where('id', '=', refundId)
    .where('shard', '=', shardOf(refundId))
    .where('kind', '=', 'refund')
    .where('status', '=', 'requested')
    .executeTakeFirst();
  // The job may come twice; what was made already is no longer requested.
  if (!refund?.charge_id) return;
  const { id, charge_id: chargeId, amount, currency, provider } = refund;
  await providerOf(services.payments, provider).refund({ id, chargeId, amount, currency });
  await mark(services, refundId, 'succeeded');
}

async function mark({ db }: Services, refundId: string, status: 'succeeded' | 'failed'): Promise<void> {
  await db
    .updateTable('payments')
    .set({ status })
    .where('id', '=', refundId)
    .where('shard', '=', shardOf(refundId))
    .where('kind', '=', 'refund')
    .where('status', '=', 'requested')
    .execute();
}
