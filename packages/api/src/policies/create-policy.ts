import { newId } from '@evently/db/ids';
import type { RefundRule } from '@evently/db/schema';
import { inTransaction } from '@evently/db/transaction';
import type { UserContext } from '../context.ts';
import { createOnce } from '../idempotency.ts';
import { findPolicy, type Policy } from './policies.ts';
import { sortRules } from './refund-rules.ts';

export interface NewPolicy {
  name: string;
  rules: RefundRule[];
  idempotencyKey?: string | undefined;
}

/** A policy that shows can be given. @throws `idempotency_mismatch` */
export async function createPolicy(ctx: UserContext, input: NewPolicy): Promise<Policy> {
  const { idempotencyKey: key, ...request } = input;
  const now = ctx.now();
  const creation = { userId: ctx.actor.userId, procedure: 'admin.policies.create', key, request, now };
  const policyId = await inTransaction(ctx.db, (trx) =>
    createOnce(trx, creation, async () => {
      const id = newId();
      const rules = JSON.stringify(sortRules(input.rules));
      const row = { id, name: input.name, rules, version: 1, created_at: now };
      await trx.insertInto('cancellation_policies').values(row).execute();
      return id;
    }),
  );
  return await findPolicy(ctx.db, policyId);
}
