import type { Trx } from '@evently/db/client';
import type { UserRow } from '@evently/db/schema';
import { inTransaction } from '@evently/db/transaction';
import type { Context } from '../context.ts';
import { ProblemError } from '../problem.ts';
import { findUserByEmail, toAccount } from './accounts.ts';
import type { SignedIn } from './register.ts';

const refused = () => new ProblemError({ code: 'invalid_credentials' });

interface Credentials {
  email: string;
  password: string;
}

/**
 * A new session. An unknown address costs the same time as a wrong password, and as many tries.
 *
 * @throws `invalid_credentials`
 * @throws `too_many_requests` after too many of those, whatever the password
 */
export async function login(ctx: Context, input: Credentials): Promise<SignedIn> {
  const { address } = ctx;
  if (address === null) return await signIn(ctx, input);
  return await ctx.limits.tryPassword({ email: input.email, address }, () => signIn(ctx, input));
}

async function signIn(ctx: Context, input: Credentials): Promise<SignedIn> {
  const seen = await findUserByEmail(ctx.db, input.email);
  const matches = await ctx.passwords.verify(seen?.password_hash ?? null, input.password);
  if (!seen || !matches) throw refused();
  return await inTransaction(ctx.db, async (trx) => {
    const row = await lockUser(trx, seen.id);
    // The password was changed while we verified the old one: that change ended all sessions, and must not miss this one.
    if (row?.password_hash !== seen.password_hash) throw refused();
    const user = toAccount(row);
    return { ...(await ctx.sessions.create(trx, user)), user };
  });
}

async function lockUser(trx: Trx, userId: string): Promise<UserRow | undefined> {
  return await trx.selectFrom('users').selectAll().where('id', '=', userId).forShare().executeTakeFirst();
}
