import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type ChangeFeed, shareChanges } from '../changes/share-changes.ts';
import { createContext, type Services } from '../context.ts';
import { createCaller } from '../router.ts';
import { codeOf, createTestOffice, newKey, type TestOffice } from '../testing.ts';
import { describeWithRedis, openTestRedis } from '../testing-redis.ts';

let office: TestOffice;
/** Two processes over one database: people sign in at the one, and are known to the other. */
let here: Services;
let there: Services;

beforeAll(async () => {
  office = await createTestOffice();
  here = office.services;
  there = await office.open();
});
afterAll(() => office[Symbol.asyncDispose]());

const PASSWORD = 'correct horse';
const withToken = (services: Services, token: string | null) =>
  createCaller(createContext(services, { requestId: 'test', token }));

/** Somebody who has just been seen by both processes, so that both may answer from memory. */
async function signIn(email?: string): Promise<{ token: string; userId: string; email: string }> {
  const open = withToken(here, null).auth;
  const { token, user } = email
    ? await open.login({ email, password: PASSWORD })
    : await open.register({ email: `${newKey()}@example.com`, password: PASSWORD, name: 'Ada' });
  await here.sessions.findActor(token);
  await there.sessions.findActor(token);
  expect([here.sessions.findCached(token)?.userId, there.sessions.findCached(token)?.userId]).toEqual([
    user.id,
    user.id,
  ]);
  return { token, userId: user.id, email: user.email };
}

const whoIs = (services: Services, token: string) =>
  withToken(services, token)
    .auth.me()
    .then(({ id }) => id, codeOf);

/** As if so much time had passed for what is kept in memory. */
function letPass(ms: number): void {
  const { now } = performance;
  const ago = now.call(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + ms);
  expect(performance.now() - ago).toBeGreaterThanOrEqual(ms);
}
afterEach(() => vi.restoreAllMocks());

const sessionRows = async (token: string) => {
  const id = createHash('sha256').update(token).digest('hex');
  return (await office.db.deleteFrom('sessions').where('id', '=', id).executeTakeFirst()).numDeletedRows;
};

test('a session that ended where nobody told of it is valid for less than five seconds more, and at once not for what asks now', async () => {
  const { token, userId } = await signIn();
  expect(await sessionRows(token)).toBe(1n);
  expect(await whoIs(here, token)).toBe(userId);
  expect(await here.sessions.findActorNow(token)).toBeNull();
  letPass(5000);
  expect(here.sessions.findCached(token)).toBeUndefined();
  expect(await whoIs(here, token)).toBe('unauthenticated');
});

test.each(['staff', 'admin'] as const)('a session of %s that ended is refused at once, told or not', async (role) => {
  const { userId } = await office.actor(role);
  const { token } = await here.sessions.create(office.db, { id: userId, role });
  expect(await whoIs(here, token)).toBe(userId);
  expect(await sessionRows(token)).toBe(1n);
  expect(await whoIs(here, token)).toBe('unauthenticated');
});

/** Each ends sessions of Ada in the process `here`; which of two tokens survive. */
const ends: [string, (ada: { token: string; userId: string }) => Promise<unknown>, boolean][] = [
  ['a logout', ({ token }) => withToken(here, token).auth.logout(), true],
  [
    'another password',
    ({ token }) => withToken(here, token).auth.changePassword({ current: PASSWORD, next: 'battery staple' }),
    false,
  ],
  [
    'another role',
    async ({ userId }) => office.as(await office.actor('admin')).admin.users.setRole({ userId, role: 'staff' }),
    false,
  ],
];

test.each(ends)(
  '%s is effective in this process at once, from memory and from the database',
  async (_, end, survives) => {
    const ada = await signIn();
    const { token: other } = await signIn(ada.email);
    const bob = await signIn();
    await end(ada);
    expect(here.sessions.findCached(ada.token)).toBeUndefined();
    expect(await whoIs(here, ada.token)).toBe('unauthenticated');
    expect(await whoIs(here, other)).toBe(survives ? ada.userId : 'unauthenticated');
    expect(here.sessions.findCached(bob.token)?.userId).toBe(bob.userId);
  },
);

describeWithRedis('the end of a session in another process', () => {
  let redis: Awaited<ReturnType<typeof openTestRedis>>;
  let feeds: ChangeFeed[] = [];

  beforeAll(async () => {
    redis = await openTestRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    feeds = [here, there].map(({ changes }) => shareChanges(changes, { url: redis.url, log: here.log }));
    await vi.waitUntil(() => feeds.every((feed) => feed.isListening()), { timeout: 30_000, interval: 2 });
  });
  afterEach(async () => {
    for (const feed of feeds) await feed.close();
  });

  test.each(ends)('%s is heard of through Redis', async (_, end, survives) => {
    const ada = await signIn();
    const { token: other } = await signIn(ada.email);
    // Memory does not grow old here: only the change can end it.
    vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    await end(ada);
    await vi.waitUntil(() => there.sessions.findCached(ada.token) === undefined, { timeout: 30_000, interval: 2 });
    expect(await whoIs(there, ada.token)).toBe('unauthenticated');
    expect(await whoIs(there, other)).toBe(survives ? ada.userId : 'unauthenticated');
  });
});
