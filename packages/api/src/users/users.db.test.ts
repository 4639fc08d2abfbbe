import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Actor, createContext } from '../context.ts';
import { createCaller } from '../router.ts';
import { codeOf, createTestOffice, newKey, type TestOffice, tally } from '../testing.ts';

let office: TestOffice;

beforeAll(async () => {
  office = await createTestOffice();
});
afterAll(() => office[Symbol.asyncDispose]());

/** These admins and no others. */
async function onlyAdmins(count: number): Promise<Actor[]> {
  await office.db.updateTable('users').set({ role: 'user' }).execute();
  return await Promise.all(Array.from({ length: count }, () => office.actor('admin')));
}

const listAdmins = async () => {
  const rows = await office.db.selectFrom('users').select('id').where('role', '=', 'admin').execute();
  return rows.map(({ id }) => id);
};

const outcome = (call: Promise<unknown>) => call.then(() => 'done', codeOf);

const openSession = async ({ userId, role }: Actor) =>
  (await office.services.sessions.create(office.db, { id: userId, role })).token;

const whoIs = (token: string) => createCaller(createContext(office.services, { requestId: 'test', token })).auth.me();

test('a change of role ends the sessions of that user, and only a change does', async () => {
  const [admin] = await onlyAdmins(2);
  const [subject, bystander] = [await office.actor(), await office.actor()];
  const [token, kept] = [await openSession(subject), await openSession(bystander)];
  const setRole = (role: 'user' | 'staff') => office.as(admin!).admin.users.setRole({ userId: subject.userId, role });

  expect(await setRole('user')).toMatchObject({ id: subject.userId, role: 'user' });
  expect((await whoIs(token)).role).toBe('user');
  expect(await setRole('staff')).toMatchObject({ id: subject.userId, role: 'staff' });
  expect(await outcome(whoIs(token))).toBe('unauthenticated');
  expect((await whoIs(kept)).id).toBe(bystander.userId);
  expect((await whoIs(await openSession({ ...subject, role: 'staff' }))).role).toBe('staff');
});

test('the last admin stays admin, and keeps their session', async () => {
  const [last] = await onlyAdmins(1);
  const token = await openSession(last!);
  const resign = () => office.as(last!).admin.users.setRole({ userId: last!.userId, role: 'user' });
  expect(await outcome(resign())).toBe('invalid_state');
  expect((await whoIs(token)).role).toBe('admin');
  await office.as(last!).admin.users.setRole({ userId: (await office.actor()).userId, role: 'admin' });
  expect(await outcome(resign())).toBe('done');
});

test('two admins who demote each other at once, ten times over: one of them is left', async () => {
  for (let round = 0; round < 10; round += 1) {
    const [one, other] = await onlyAdmins(2);
    const demote = (by: Actor, whom: Actor) => office.as(by).admin.users.setRole({ userId: whom.userId, role: 'user' });
    const results = await Promise.allSettled([demote(one!, other!), demote(other!, one!)]);
    expect(tally(results)).toEqual({ done: 1, invalid_state: 1 });
    expect(await listAdmins()).toEqual([results[0]!.status === 'fulfilled' ? one!.userId : other!.userId]);
  }
});

test('users are found by part of address or name, taken literally, and listed newest first, page by page', async () => {
  const [admin] = await onlyAdmins(1);
  const { users } = office.as(admin!).admin;
  const key = newKey().replaceAll('-', '');
  const register = (email: string, name: string) =>
    office.as(null).auth.register({ email, password: 'correct horse', name });
  await register(`a_${key}@example.com`, 'One');
  await register(`axb-${key}@example.com`, 'Two');
  await register(`third@${key}.example.com`, `100% ${key.toUpperCase()}`);
  const find = async (q: string) => (await users.list({ q })).items.map(({ email }) => email.split(/[@-]/)[0]);
  expect(await find(key)).toEqual(['third', 'axb', `a_${key}`]);
  expect(await find(`a_${key}`)).toEqual([`a_${key}`]);
  expect(await find(`100% ${key}`)).toEqual(['third']);
  expect(await find(`%${key}`)).toEqual([]);

  const pages: string[][] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await users.list({ q: key, limit: 2, ...(cursor ? { cursor } : {}) });
    pages.push(page.items.map(({ email }) => email.split(/[@-]/)[0]!));
    cursor = page.nextCursor;
  }
  expect(pages).toEqual([['third', 'axb'], [`a_${key}`]]);
});
