import { randomBytes } from 'node:crypto';
import type { Db } from '@evently/db/client';
import { ProblemError } from '../problem.ts';
import { findUserByEmail, insertUser } from './accounts.ts';
import type { Passwords } from './passwords.ts';

export interface FirstAdmin {
  email: string;
  /** Known only when it was made here and now: it is stored hashed. */
  password: string | null;
}

/**
 * Sees to it that somebody can sign in as admin: with the settings' address and password, or, where there is no admin
 * at all, with a password made up for the purpose, which the caller must show once. Null when an admin was there already.
 */
export async function ensureFirstAdmin(
  db: Db,
  passwords: Passwords,
  settings: { email: string | null; password: string | null },
): Promise<FirstAdmin | null> {
  const email = settings.email ?? 'admin@evently.local';
  if (settings.email !== null ? await findUserByEmail(db, email) : await hasAdmin(db)) return null;
  const password = settings.password ?? randomBytes(15).toString('base64url');
  const passwordHash = await passwords.hash(password);
  try {
    await insertUser(db, { email, name: 'Admin', passwordHash, role: 'admin', createdAt: new Date() });
  } catch (error) {
    // Another process started at the same moment and was faster; it shows the password.
    if (error instanceof ProblemError && error.problem.code === 'email_taken') return null;
    throw error;
  }
  return { email, password: settings.password === null ? password : null };
}

/** Whether there is any admin. ADMIN_EMAIL may name an ordinary account, which a setting does not promote. */
export async function hasAdmin(db: Db): Promise<boolean> {
  return (
    (await db.selectFrom('users').select('id').where('role', '=', 'admin').limit(1).executeTakeFirst()) !== undefined
  );
}
