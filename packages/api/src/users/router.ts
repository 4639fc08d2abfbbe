import { z } from 'zod';
import { accountOutput } from '../auth/router.ts';
import { id, pageInput, pageOf } from '../fields.ts';
import { adminProcedure } from '../trpc.ts';
import { listUsers, setRole } from './users.ts';

const role = z.enum(['user', 'staff', 'admin']);

export const usersRouter = {
  /** The accounts, newest first. `q` is part of the e-mail address or the name. */
  list: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/users', summary: 'List the users' } })
    .input(z.strictObject({ q: z.string().trim().max(200).optional(), role: role.optional(), ...pageInput }))
    .output(pageOf(accountOutput.extend({ createdAt: z.date() })))
    .query(({ ctx, input }) => listUsers(ctx.db, input)),

  /** Gives a user another role and ends their sessions. Problems: `invalid_state` for the last admin. */
  setRole: adminProcedure
    .meta({
      openapi: { method: 'PUT', path: '/admin/users/{userId}/role', summary: 'Set the role of a user' },
      idempotent: true,
    })
    .input(z.strictObject({ userId: id, role }))
    .output(accountOutput)
    .mutation(({ ctx, input }) => setRole(ctx, input)),
};
