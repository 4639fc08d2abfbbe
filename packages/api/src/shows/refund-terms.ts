import { isDeepStrictEqual } from 'node:util';
import type { Trx } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import type { RefundTerms, ShowRow } from '@evently/db/schema';
import { sql } from 'kysely';
import { copyPolicy } from '../policies/policies.ts';
import { presentTerms } from '../policies/refund-rules.ts';
import { refuseInput } from '../problem.ts';

/** Every batch of the box office reads them; nobody means to change the rules of a show this often while it sells. */
const MAX_TERMS = 20;

/** The terms of a new show, as they are written down. @throws as `copyPolicy` */
export async function firstTerms(trx: Trx, policyId: string | undefined): Promise<string | null> {
  if (policyId === undefined) return null;
  return JSON.stringify([{ from: null, policy: await copyPolicy(trx, policyId) }] satisfies RefundTerms[]);
}

/**
 * The terms of a show that is given another policy, or the same one as it is by now. The former ones are kept while there are
 * bookings that were made under them.
 *
 * @param trx holds the show's inventory lock, so that every booking was made before or after
 * @throws `invalid_input` (no such policy, changed too often)
 */
export async function nextTerms(trx: Trx, show: ShowRow, policyId: string | null): Promise<string> {
  const policy = await copyPolicy(trx, policyId);
  const former: RefundTerms[] = show.refund_terms ?? [{ from: null, policy: null }];
  if (isDeepStrictEqual(presentTerms(former).policy, policy)) return JSON.stringify(former);
  const { now, isSold } = await findSales(trx, show.id);
  if (!isSold) return JSON.stringify([{ from: null, policy }] satisfies RefundTerms[]);
  if (former.length >= MAX_TERMS) {
    refuseInput('cancellationPolicyId', `was changed ${MAX_TERMS - 1} times since bookings were made`);
  }
  return JSON.stringify([...former, { from: now.toISOString(), policy }] satisfies RefundTerms[]);
}

/** Whether anybody has places, and the time by the clock that bookings bear. */
async function findSales(trx: Trx, showId: string): Promise<{ now: Date; isSold: boolean }> {
  const { rows } = await sql<{ now: Date; isSold: boolean }>`
    SELECT date_trunc('milliseconds', clock_timestamp()) AS now, EXISTS (SELECT FROM tickets
      WHERE show_id = ${showId} AND shard = ${shardOf(showId)} AND status IN ('held', 'valid', 'used')) AS "isSold"`.execute(
    trx,
  );
  return rows[0]!;
}
