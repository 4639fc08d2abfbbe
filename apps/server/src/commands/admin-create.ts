import { randomBytes } from 'node:crypto';
import { insertUser } from '@evently/api/auth/accounts';
import { createPasswords } from '@evently/api/auth/passwords';
import { ProblemError } from '@evently/api/problem';
import { migrate } from '@evently/db/migrate';
import { z } from 'zod';
import { joinDatabase, openForLongWork } from '../database.ts';
import type { Command } from './command.ts';

export const adminCreateCommand: Command = {
  name: 'admin create',
  summary: 'make an account that may do everything',
  options: {
    email: { type: 'string', help: 'the e-mail address to sign in with (required)' },
    name: { type: 'string', help: 'the name to show; "Admin" unless given' },
    password: { type: 'string', help: 'at least 10 characters; made up and shown unless given' },
  },
  async run({ settings, progress, options, print }) {
    const email = z.string().trim().toLowerCase().pipe(z.email()).safeParse(options.email);
    if (!email.success) {
      print('Name an e-mail address: pnpm evently admin create --email you@example.com');
      return 2;
    }
    const password = typeof options.password === 'string' ? options.password : randomBytes(15).toString('base64url');
    if (password.length < 10 || password.length > 200) {
      print('The password must have 10 to 200 characters.');
      return 2;
    }
    await using opened = new AsyncDisposableStack();
    const server = await progress.step('Reach Postgres', () => joinDatabase(settings));
    opened.defer(() => server.stop());
    const db = openForLongWork(server);
    opened.defer(() => db.destroy());
    await migrate(db);
    const passwordHash = await createPasswords().hash(password);
    const name = typeof options.name === 'string' && options.name.trim() !== '' ? options.name.trim() : 'Admin';
    try {
      await insertUser(db, { email: email.data, name, passwordHash, role: 'admin', createdAt: new Date() });
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      print(
        `There is an account for ${email.data} already; an admin can set its role (PUT /api/v1/admin/users/{userId}/role).`,
      );
      return 1;
    }
    print(
      `${email.data} may sign in as admin${options.password === undefined ? `, password ${password} (shown this once)` : ''}.`,
    );
    return 0;
  },
};
