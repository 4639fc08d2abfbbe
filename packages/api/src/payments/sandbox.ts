import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@evently/db/client';
import { executeTogether } from '@evently/db/pipelined-driver';
import type { Database } from '@evently/db/schema';
import { inTransaction } from '@evently/db/transaction';
import { CompiledQuery, type Selectable, sql } from 'kysely';
import { together } from '../together.ts';
import { type Charge, type ChargeOutcome, type PaymentProvider, ProviderUnreachable } from './provider.ts';

const SLOW_MS = 3000;

/**
 * The disk is not waited for: nobody is told of a charge before the box office has written down what became of it, which is
 * flushed later and takes this along. A crash of Postgres before that leaves a charge that never was, as reconciliation finds.
 */
const NOT_FLUSHED = CompiledQuery.raw('SET LOCAL synchronous_commit = off');

/** As many as a statement takes without growing slow. */
const MAX_ENTRIES = 256;

/** A charge, and what shall become of it if this is the first that is heard of it. */
interface Entry {
  charge: Charge;
  outcome: ChargeOutcome;
}

/**
 * A provider that moves no money, to build and test against. It keeps its books in the database, apart from any
 * transaction of ours, since a real one would not forget them in a crash of this process either. What it does is up to
 * the token: `pm_ok` succeeds, `pm_slow` after three seconds, `pm_declined` is declined, `pm_lost` succeeds but its reply
 * never arrives, `pm_down` is not reached at all.
 */
export function createSandbox(db: Db): PaymentProvider {
  async function find(chargeId: string): Promise<ChargeOutcome | null> {
    const row = await db.selectFrom('sandbox_charges').selectAll().where('id', '=', chargeId).executeTakeFirst();
    return row ? outcomeOf(row) : null;
  }

  // What is charged at the same time is written down together: a rush pays as it buys, hundreds in a second.
  const writeDown = together((entries: readonly Entry[]) => recordCharges(db, entries), MAX_ENTRIES);
  const record = (charge: Charge, outcome: ChargeOutcome) => writeDown({ charge, outcome });

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

type SandboxRow = Pick<Selectable<Database['sandbox_charges']>, 'status' | 'reason'>;

function outcomeOf({ status, reason }: SandboxRow): ChargeOutcome {
  return status === 'succeeded' ? { status } : { status, reason: reason ?? 'declined' };
}

/** Writes charges down; of each, the first answer is its answer for good. */
async function recordCharges(db: Db, entries: readonly Entry[]): Promise<ChargeOutcome[]> {
  // The same charge twice in one statement: the first of them is written.
  const first = new Map(entries.toReversed().map((entry) => [entry.charge.id, entry]));
  // In one order for everybody, so that no two processes wait for each other in a circle.
  const sorted = [...first.values()].sort((a, b) => (a.charge.id < b.charge.id ? -1 : 1));
  const charges = sorted.map(({ charge }) => charge);
  const outcomes = sorted.map(({ outcome }) => outcome);
  // The update changes nothing, but lets the row that is there be answered.
  const statement = sql<SandboxRow & { id: string }>`
    INSERT INTO sandbox_charges (id, amount, currency, status, reason)
    SELECT * FROM unnest(${charges.map(({ id }) => id)}::uuid[], ${charges.map(({ amount }) => amount)}::bigint[],
      ${charges.map(({ currency }) => currency)}::text[], ${outcomes.map(({ status }) => status)}::text[],
      ${outcomes.map((outcome) => (outcome.status === 'declined' ? outcome.reason : null))}::text[])
    ON CONFLICT (id) DO UPDATE SET id = sandbox_charges.id
    RETURNING id, status, reason`.compile(db);
  const rows = await inTransaction(db, async (trx) => {
    const [, found] = await executeTogether(trx, [NOT_FLUSHED, statement], true);
    return found.rows;
  });
  const answers = new Map(rows.map((row) => [row.id, outcomeOf(row)]));
  return entries.map(({ charge, outcome }) => answers.get(charge.id) ?? outcome);
}
