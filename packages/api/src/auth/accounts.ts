import type { Db } from '@evently/db/client';
import { newId } from '@evently/db/ids';
import type { Role, UserRow } from '@evently/db/schema';
import { constraintOf } from '@evently/db/transaction';
import { ProblemError } from '../problem.ts';

/** An account as its owner and admins see it. */
export interface Account {
  id: string;
  email: string;
  name: string;
  role: Role;
}

export function toAccount(row: Pick<UserRow, 'id' | 'email' | 'name' | 'role'>): Account {
  return { id: row.id, email: row.email, name: row.name, role: row.role };
}

/** @throws `email_taken` */
export async function insertUser(
  db: Db,
  user: { email: string; name: string; passwordHash: string; role: Role; createdAt: Date },
): Promise<Account> {
  const row = {
    id: newId(),
    email: user.email,
    name: user.name,
    role: user.role,
    password_hash: user.passwordHash,
    created_at: user.createdAt,
  };
  try {
    await db.insertInto('users').values(row).execute();
  } catch (error) {
    if (constraintOf(error) === 'users_email_key') throw new ProblemError({ code: 'email_taken' });
    throw error;
  }
  return toAccount(row);
}

export async function findUserByEmail(db: Db, email: string): Promise<UserRow | undefined> {
  return await db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst();
}
