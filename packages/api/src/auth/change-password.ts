import { inTransaction } from '@evently/db/transaction';
import type { UserContext } from '../context.ts';
import { ProblemError } from '../problem.ts';
import type { NewSession } from './sessions.ts';

/**
 * Sets another password. Every session of the account ends, wherever it is signed in; the caller gets a new one.
 *
 * @throws `invalid_credentials` when `current` is not the present password, `too_many_requests` after too many of those
 */
export async function changePassword(ctx: UserContext, input: { current: string; next: string }): Promise<NewSession> {
  const { userId } = ctx.actor;
  const { password_hash } = await ctx.db
    .selectFrom('users')
    .select('password_hash')
    .where('id', '=', userId)
    .executeTakeFirstOrThrow();
  const check = async () => {
    if (await ctx.passwords.verify(password_hash, input.current)) return;
    throw new ProblemError({ code: 'invalid_credentials' });
  };
  // Whoever found a session left open may not guess at the password for ever.
  const { address } = ctx;
  await (address === null ? check() : ctx.limits.tryPassword({ email: ctx.actor.email, address }, check));
  const next = await ctx.passwords.hash(input.next);
  const session = await inTransaction(ctx.db, async (trx) => {
    // Two changes at once: the second no longer knows the present password, whichever that is.
    const changed = await trx
      .updateTable('users')
      .set({ password_hash: next })
      .where('id', '=', userId)
      .where('password_hash', '=', password_hash)
      // As it is now: it may have been changed, too, since the session was looked up.
      .returning('role')
      .executeTakeFirst();
    if (!changed) throw new ProblemError({ code: 'invalid_credentials' });
    await ctx.sessions.endAll(trx, userId);
    return await ctx.sessions.create(trx, { id: userId, role: changed.role });
  });
  ctx.changes.tell({ kind: 'user', userId });
  return session;
}
