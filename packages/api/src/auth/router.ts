import { z } from 'zod';
import { line } from '../fields.ts';
import { openProcedure, userProcedure } from '../trpc.ts';
import { changePassword } from './change-password.ts';
import { login } from './login.ts';
import { register } from './register.ts';

const email = z.string().trim().toLowerCase().max(254).pipe(z.email());
/** Long beats complicated; the upper bound keeps hashing cheap. */
const newPassword = z.string().min(10, 'must have at least 10 characters').max(200);
const password = z.string().max(200);

/** An account as its owner and admins see it. */
export const accountOutput = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.enum(['user', 'staff', 'admin']),
});

const sessionOutput = z.object({
  /** Travels as `Authorization: Bearer <token>`. */
  token: z.string(),
  /** Use prolongs it: seven days for users, twelve hours for admins. */
  expiresAt: z.date(),
});
const signedInOutput = sessionOutput.extend({ user: accountOutput });

export const authRouter = {
  /** Opens an account and signs in. Problems: `email_taken`. */
  register: openProcedure
    .meta({
      openapi: { method: 'POST', path: '/auth/register', summary: 'Open an account', status: 201 },
      limit: 'register',
    })
    .input(z.strictObject({ email, password: newPassword, name: line(200) }))
    .output(signedInOutput)
    .mutation(({ ctx, input }) => register(ctx, input)),

  /** Signs in. Problems: `invalid_credentials`. */
  login: openProcedure
    .meta({ openapi: { method: 'POST', path: '/auth/login', summary: 'Sign in' } })
    .input(z.strictObject({ email, password }))
    .output(signedInOutput)
    .mutation(({ ctx, input }) => login(ctx, input)),

  /** Ends the session that the request came with. */
  logout: userProcedure
    .meta({ openapi: { method: 'POST', path: '/auth/logout', summary: 'Sign out' }, idempotent: true })
    .input(z.strictObject({}).optional())
    .output(z.object({ ok: z.literal(true) }))
    .mutation(async ({ ctx }) => {
      if (ctx.token !== null) await ctx.sessions.end(ctx.token);
      return { ok: true as const };
    }),

  /** Who is signed in. */
  me: userProcedure
    .meta({ openapi: { method: 'GET', path: '/auth/me', summary: 'Who is signed in' } })
    .input(z.strictObject({}).optional())
    .output(accountOutput)
    .query(({ ctx }) => {
      const { userId, email, name, role } = ctx.actor;
      return { id: userId, email, name, role };
    }),

  /** Sets another password, ends every session of the account and answers a new one. Problems: `invalid_credentials`. */
  changePassword: userProcedure
    .meta({ openapi: { method: 'POST', path: '/auth/password', summary: 'Change the password' } })
    .input(z.strictObject({ current: password, next: newPassword }))
    .output(sessionOutput)
    .mutation(({ ctx, input }) => changePassword(ctx, input)),
};
