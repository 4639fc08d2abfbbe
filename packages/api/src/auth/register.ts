import { inTransaction } from '@evently/db/transaction';
import type { Context } from '../context.ts';
import { type Account, insertUser } from './accounts.ts';

export interface SignedIn {
  token: string;
  expiresAt: Date;
  user: Account;
}

/** Opens an account and signs in. @throws `email_taken` */
export async function register(
  ctx: Context,
  input: { email: string; password: string; name: string },
): Promise<SignedIn> {
  const passwordHash = await ctx.passwords.hash(input.password);
  return await inTransaction(ctx.db, async (trx) => {
    const { email, name } = input;
    const user = await insertUser(trx, { email, name, passwordHash, role: 'user', createdAt: ctx.now() });
    return { ...(await ctx.sessions.create(trx, user)), user };
  });
}
