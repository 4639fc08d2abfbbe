import type { Db, Trx } from '@evently/db/client';
import type { PolicyRow, RefundRule, RefundTerms } from '@evently/db/schema';
import { decodeCursor, ID_PATTERN, pageOfRows } from '../cursor.ts';
import { notFound, refuseInput } from '../problem.ts';

/** A template of what goes back when a booking is cancelled. Shows keep a copy of its rules. */
export interface Policy {
  id: string;
  name: string;
  /** The longest time before the show first. */
  rules: RefundRule[];
  version: number;
  createdAt: Date;
}

function toPolicy({ id, name, rules, version, created_at: createdAt }: PolicyRow): Policy {
  return { id, name, rules, version, createdAt };
}

/** @throws `not_found` */
export async function findPolicy(db: Db, policyId: string): Promise<Policy> {
  const row = await db.selectFrom('cancellation_policies').selectAll().where('id', '=', policyId).executeTakeFirst();
  if (!row) throw notFound();
  return toPolicy(row);
}

/** The policies, newest first. */
export async function listPolicies(
  db: Db,
  input: { cursor?: string | undefined; limit: number },
): Promise<{ items: Policy[]; nextCursor: string | null }> {
  const [before] = decodeCursor(input.cursor, [ID_PATTERN]) ?? [];
  const rows = await db
    .selectFrom('cancellation_policies')
    .selectAll()
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(input.limit + 1)
    .execute();
  return pageOfRows(rows, input.limit, (row) => [row.id], toPolicy);
}

/**
 * The rules of a policy as a show takes them over.
 *
 * @param policyId null: none, everything goes back until the show begins
 * @throws `invalid_input` when there is no such policy
 */
export async function copyPolicy(trx: Trx, policyId: string | null): Promise<RefundTerms['policy']> {
  if (policyId === null) return null;
  const row = await trx
    .selectFrom('cancellation_policies')
    .select(['id', 'name', 'rules'])
    .where('id', '=', policyId)
    .executeTakeFirst();
  return row ?? refuseInput('cancellationPolicyId', 'is not a cancellation policy');
}
