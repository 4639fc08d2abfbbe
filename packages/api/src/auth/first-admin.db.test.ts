import { createTestDatabase, type TestDatabase } from '@evently/db/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { findUserByEmail, insertUser } from './accounts.ts';
import { ensureFirstAdmin } from './first-admin.ts';
import { createPasswords } from './passwords.ts';

const passwords = createPasswords();
const nothingSaid = { email: null, password: null };
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase(2);
});
afterAll(() => database[Symbol.asyncDispose]());

// Each test begins with nobody there.
beforeEach(() => database.db.deleteFrom('users').execute());

const ensure = (settings: Parameters<typeof ensureFirstAdmin>[2]) => ensureFirstAdmin(database.db, passwords, settings);

const listUsers = () => database.db.selectFrom('users').select(['email', 'role']).orderBy('email').execute();

async function signsIn(email: string, password: string): Promise<boolean> {
  const user = await findUserByEmail(database.db, email);
  return await passwords.verify(user?.password_hash ?? null, password);
}

const insert = (email: string, role: 'user' | 'admin') =>
  insertUser(database.db, { email, name: 'Ada', passwordHash: '-', role, createdAt: new Date() });

test('without an admin one is made, with a password that is answered once; the next start leaves it alone', async () => {
  await insert('somebody@example.com', 'user');
  const made = await ensure(nothingSaid);
  expect(made).toEqual({ email: 'admin@evently.local', password: expect.stringMatching(/^[\w-]{20}$/) });
  expect(await signsIn('admin@evently.local', made?.password ?? '')).toBe(true);
  expect(await ensure(nothingSaid)).toBeNull();
  expect(await signsIn('admin@evently.local', made?.password ?? '')).toBe(true);
  expect(await listUsers()).toEqual([
    { email: 'admin@evently.local', role: 'admin' },
    { email: 'somebody@example.com', role: 'user' },
  ]);
});

test('two processes that start at once: one admin, and only the one that made it answers the password', async () => {
  const made = (await Promise.all([ensure(nothingSaid), ensure(nothingSaid)])).filter((answer) => answer !== null);
  expect(made).toHaveLength(1);
  expect(await signsIn('admin@evently.local', made[0]?.password ?? '')).toBe(true);
  expect(await listUsers()).toHaveLength(1);
});

test('an address and a password of the settings are used, also beside another admin, and not answered back', async () => {
  await insert('first@example.com', 'admin');
  const settings = { email: 'boss@example.com', password: 'correct horse' };
  expect(await ensure(settings)).toEqual({ email: 'boss@example.com', password: null });
  expect(await signsIn('boss@example.com', 'correct horse')).toBe(true);
  // Another password in the settings does not replace one that its owner may have changed since.
  expect(await ensure({ ...settings, password: 'battery staple' })).toBeNull();
  expect(await signsIn('boss@example.com', 'correct horse')).toBe(true);
});

test('with an admin there, settings that name nobody make nobody', async () => {
  await insert('first@example.com', 'admin');
  expect(await ensure({ email: null, password: 'correct horse' })).toBeNull();
  expect(await listUsers()).toHaveLength(1);
});

test('whoever registered the address of the settings first does not become admin by it', async () => {
  await insert('boss@example.com', 'user');
  expect(await ensure({ email: 'boss@example.com', password: 'correct horse' })).toBeNull();
  expect(await findUserByEmail(database.db, 'boss@example.com')).toMatchObject({ role: 'user', password_hash: '-' });
});
