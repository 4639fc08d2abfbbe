import type { Db } from '@evently/db/client';
import type { Role } from '@evently/db/schema';
import { inTransaction } from '@evently/db/transaction';
import { type Account, toAccount } from '../auth/accounts.ts';
import type { UserContext } from '../context.ts';
import { decodeCursor, ID_PATTERN, pageOfRows } from '../cursor.ts';
import { notFound, ProblemError } from '../problem.ts';

export interface UserFilter {
  /** Part of the e-mail address or the name. */
  q?: string | undefined;
  role?: Role | undefined;
  cursor?: string | undefined;
  limit: number;
}

export interface ListedUser extends Account {
  createdAt: Date;
}

/** The accounts, newest first. */
export async function listUsers(
  db: Db,
  filter: UserFilter,
): Promise<{ items: ListedUser[]; nextCursor: string | null }> {
  const [before] = decodeCursor(filter.cursor, [ID_PATTERN]) ?? [];
  let query = db
    .selectFrom('users')
    .select(['id', 'email', 'name', 'role', 'created_at'])
    .orderBy('id', 'desc')
    .limit(filter.limit + 1);
  if (before !== undefined) query = query.where('id', '<', before);
  if (filter.role !== undefined) query = query.where('role', '=', filter.role);
  if (filter.q) {
    const pattern = `%${filter.q.replace(/[\\%_]/g, '\\$&')}%`;
    query = query.where((eb) => eb.or([eb('email', 'ilike', pattern), eb('name', 'ilike', pattern)]));
  }
  return pageOfRows(
    await query.execute(),
    filter.limit,
    (row) => [row.id],
    (row) => ({ ...toAccount(row), createdAt: row.created_at }),
  );
}

/**
 * Gives a user another role. All their sessions end: a session's length depends on the role, and what it may do was
 * decided when it began. The last admin stays admin, or nobody could undo it.
 *
 * @throws `not_found`, `invalid_state` (the last admin)
 */
export async function setRole(ctx: UserContext, input: { userId: string; role: Role }): Promise<Account> {
  const account = await inTransaction(ctx.db, async (trx) => {
    // All admins are locked, in order, so that two admins who demote each other do not both succeed.
    const admins = await trx
      .selectFrom('users')
      .select('id')
      .where('role', '=', 'admin')
      .orderBy('id')
      .forUpdate()
      .execute();
    const row = await trx.selectFrom('users').selectAll().where('id', '=', input.userId).forUpdate().executeTakeFirst();
    if (!row) throw notFound();
    if (row.role === input.role) return toAccount(row);
    if (row.role === 'admin' && admins.length === 1)
      throw new ProblemError({ code: 'invalid_state', state: 'last_admin' });
    await trx.updateTable('users').set({ role: input.role }).where('id', '=', row.id).execute();
    await ctx.sessions.endAll(trx, row.id);
    return toAccount({ ...row, role: input.role });
  });
  ctx.changes.tell({ kind: 'user', userId: account.id });
  return account;
}
