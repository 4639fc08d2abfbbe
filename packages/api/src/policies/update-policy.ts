import type { RefundRule } from '@evently/db/schema';
import { inTransaction } from '@evently/db/transaction';
import type { UserContext } from '../context.ts';
import { notFound, ProblemError } from '../problem.ts';
import { findPolicy, type Policy } from './policies.ts';
import { sortRules } from './refund-rules.ts';

export interface PolicyEdit {
  policyId: string;
  version: number;
  name?: string | undefined;
  rules?: RefundRule[] | undefined;
}

/**
 * Changes a policy for the shows that are given it from now on. Those that have it keep the rules as they were.
 *
 * @throws `not_found`, `version_conflict`
 */
export async function updatePolicy(ctx: UserContext, { policyId, version, name, rules }: PolicyEdit): Promise<Policy> {
  await inTransaction(ctx.db, async (trx) => {
    const row = await trx
      .selectFrom('cancellation_policies')
      .select(['name', 'version'])
      .where('id', '=', policyId)
      .forUpdate()
      .executeTakeFirst();
    if (!row) throw notFound();
    if (row.version !== version) throw new ProblemError({ code: 'version_conflict' });
    await trx
      .updateTable('cancellation_policies')
      .set({ name: name ?? row.name, version: version + 1 })
      .$if(rules !== undefined, (query) => query.set({ rules: JSON.stringify(sortRules(rules ?? [])) }))
      .where('id', '=', policyId)
      .execute();
  });
  return await findPolicy(ctx.db, policyId);
}
