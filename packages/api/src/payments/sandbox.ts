import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@evently/db/client';
import { type Charge, type ChargeOutcome, type PaymentProvider, ProviderUnreachable } from './provider.ts';

const SLOW_MS = 3000;

/**
 * A provider that moves no money, to build and test against. It keeps its books in the database, apart from any
 * transaction of ours, since a real one would not forget them in a crash of this process either. What it does is up to
 * the token: `pm_ok` succeeds, `pm_slow` after three seconds, `pm_declined` is declined, `pm_lost` succeeds but its reply
 * never arrives, `pm_down` is not reached at all.
 */
export function createSandbox(db: Db): PaymentProvider {
  async function find(chargeId: string): Promise<ChargeOutcome | null> {
    const row = await db.selectFrom('sandbox_charges').selectAll().where('id', '=', chargeId).executeTakeFirst();
    if (!row) return null;
    return row.status === 'succeeded'
      ? { status: 'succeeded' }
      : { status: 'declined', reason: row.reason ?? 'declined' };
  }

  async function record({ id, amount, currency }: Charge, outcome: ChargeOutcome): Promise<ChargeOutcome> {
    const reason = outcome.status === 'declined' ? outcome.reason : null;
    await db
      .insertInto('sandbox_charges')
      .values({ id, amount, currency, status: outcome.status, reason })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    // The first answer to a charge is its answer for good.
    return (await find(id)) ?? outcome;
  }

  return {
    name: 'sandbox',
    find,
    async charge(charge, signal) {
      switch (charge.token) {
        case 'pm_ok':
          return await record(charge, { status: 'succeeded' });
        case 'pm_slow':
          await sleep(SLOW_MS, undefined, { signal });
          return await record(charge, { status: 'succeeded' });
        case 'pm_lost':
          await record(charge, { status: 'succeeded' });
          throw new Error('the reply of the provider was lost');
        case 'pm_down':
          throw new ProviderUnreachable('the provider does not answer');
        case 'pm_declined':
          return await record(charge, { status: 'declined', reason: 'card_declined' });
        default:
          return await record(charge, { status: 'declined', reason: 'unknown_token' });
      }
    },
    async refund({ id, chargeId, amount }) {
      await db
        .insertInto('sandbox_refunds')
        .values({ id, charge_id: chargeId, amount })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
  };
}
