import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createContext } from '../context.ts';
import { createCaller } from '../router.ts';
import { codeOf, createTestOffice, newKey, type TestOffice } from '../testing.ts';

let office: TestOffice;

beforeAll(async () => {
  office = await createTestOffice();
});
afterAll(() => office[Symbol.asyncDispose]());

const HOUR_MS = 3_600_000;
const PASSWORD = 'correct horse';

/** As a request with this token would call. */
const withToken = (token: string | null) => createCaller(createContext(office.services, { requestId: 'test', token }));

const register = () =>
  withToken(null).auth.register({ email: `${newKey()}@example.com`, password: PASSWORD, name: 'Ada' });

const whoIs = (token: string) =>
  withToken(token)
    .auth.me()
    .then(({ id }) => id, codeOf);

const sha256 = (token: string) => createHash('sha256').update(token).digest('hex');

async function expiryOf(token: string): Promise<number | undefined> {
  const row = await office.db.selectFrom('sessions').selectAll().where('id', '=', sha256(token)).executeTakeFirst();
  return row?.expires_at.getTime();
}

async function setExpiry(token: string, expires_at: Date): Promise<void> {
  await office.db.updateTable('sessions').set({ expires_at }).where('id', '=', sha256(token)).execute();
  // What was known of it is not true any more.
  office.services.changes.tell({ kind: 'session', id: sha256(token) });
}

test('of a token only its SHA-256 is stored: nothing in the table signs anybody in', async () => {
  const { token, user } = await register();
  const { rows } = await sql<{
    text: string;
  }>`SELECT s::text AS text FROM sessions s WHERE user_id = ${user.id}`.execute(office.db);
  const [session, ...others] = rows.map(({ text }) => text);
  expect(others).toEqual([]);
  expect(session).toContain(sha256(token));
  const secret = token.slice(4);
  const bytes = Buffer.from(secret, 'base64url');
  expect(bytes).toHaveLength(32);
  for (const form of [secret, bytes.toString('base64'), bytes.toString('hex')]) expect(session).not.toContain(form);
  expect(await whoIs(token)).toBe(user.id);
  expect(await whoIs(sha256(token))).toBe('unauthenticated');
});

test('a token that was tampered with, has expired or was logged out is nobody; others of the account stay', async () => {
  const { token, user } = await register();
  const { token: other } = await withToken(null).auth.login({ email: user.email, password: PASSWORD });
  expect(other).not.toBe(token);

  const flipped = token.slice(0, -1) + (token.endsWith('A') ? 'E' : 'A');
  for (const forged of [flipped, token.replace('evo_', 'eva_'), token.slice(4), `${token}=`, '']) {
    expect(await whoIs(forged)).toBe('unauthenticated');
  }

  await setExpiry(token, new Date(Date.now() - 1));
  expect(await whoIs(token)).toBe('unauthenticated');

  const { token: third } = await withToken(null).auth.login({ email: user.email, password: PASSWORD });
  await withToken(third).auth.logout();
  expect(await whoIs(third)).toBe('unauthenticated');
  expect(await whoIs(other)).toBe(user.id);
});

test.each([
  ['user', 'evo_', 7 * 24],
  ['staff', 'evo_', 7 * 24],
  ['admin', 'eva_', 12],
] as const)(
  'a session of %s has the prefix %s, lasts %i hours, and use in its second half prolongs it',
  async (role, prefix, hours) => {
    const { userId } = await office.actor(role);
    const fullLength = async (work: () => Promise<number | undefined>) => {
      const before = Date.now();
      const expiresAt = (await work()) ?? 0;
      // Within the time that the work took, it lasts exactly that long.
      return before <= expiresAt - hours * HOUR_MS && expiresAt - hours * HOUR_MS <= Date.now();
    };
    const create = () => office.services.sessions.create(office.db, { id: userId, role });
    const { token, expiresAt } = await create();
    expect(token).toMatch(new RegExp(`^${prefix}[\\w-]{43}$`));
    expect(await expiryOf(token)).toBe(expiresAt.getTime());
    expect(await fullLength(async () => (await create()).expiresAt.getTime())).toBe(true);

    const early = new Date(Date.now() + 0.6 * hours * HOUR_MS);
    await setExpiry(token, early);
    expect(await whoIs(token)).toBe(userId);
    expect(await expiryOf(token)).toBe(early.getTime());

    await setExpiry(token, new Date(Date.now() + 0.4 * hours * HOUR_MS));
    const prolonged = async () => {
      expect(await whoIs(token)).toBe(userId);
      return await expiryOf(token);
    };
    expect(await fullLength(prolonged)).toBe(true);
  },
);

test('the sessions that nobody can use any more are forgotten, and no others', async () => {
  const { token: expired } = await register();
  const { token: valid } = await register();
  await setExpiry(expired, new Date(Date.now() - 1));
  await office.services.sessions.deleteExpired();
  expect([await expiryOf(expired), typeof (await expiryOf(valid))]).toEqual([undefined, 'number']);
});
