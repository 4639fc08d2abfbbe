import { randomBytes } from 'node:crypto';
import type { Role } from '@evently/db/schema';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createContext, type Services } from './context.ts';
import { createLimits } from './limits/limits.ts';
import { createCaller } from './router.ts';
import { type Caller, codeOf, createTestOffice, newKey, type TestOffice } from './testing.ts';

let office: TestOffice;

beforeAll(async () => {
  office = await createTestOffice();
});
afterAll(() => office[Symbol.asyncDispose]());

const HALL = '203.0.113.7';
const ELSEWHERE = '203.0.113.8';
const QUARTER_HOUR_MS = 15 * 60_000;

/** A process that has seen nobody, with limits on a clock that stands still until it is told, and its look-ups counted. */
async function openProcess(calls: { general: number; register?: number }) {
  const clock = { ms: 0 };
  const all = { booking: 1000, login: 1000, register: 1000, ...calls };
  const limits = createLimits({ calls: all, redis: null, log: office.services.log, now: () => clock.ms });
  const services: Services = { ...(await office.open()), limits };
  const asked = { lookUps: 0 };

  const as = (token: string | null, address: string): Caller => {
    const context = createContext(services, { requestId: 'test', token, address });
    const findActor: typeof context.findActor = (asOf) => {
      asked.lookUps += 1;
      return context.findActor(asOf);
    };
    return createCaller({ ...context, findActor });
  };
  const outcome = (call: Promise<unknown>) => call.then(() => 'ok', codeOf);
  return {
    clock,
    asked,
    list: (token: string | null, address = HALL) => outcome(as(token, address).events.list({})),
    me: (token: string | null, address = HALL) => outcome(as(token, address).auth.me()),
    users: (token: string | null, address = HALL) => outcome(as(token, address).admin.users.list({})),
    register: (token: string | null, address = HALL) =>
      outcome(
        as(token, address).auth.register({ email: `${newKey()}@example.com`, password: 'correct horse', name: 'Ada' }),
      ),
  };
}

/** Signed in at another process. */
async function signIn(role: Role): Promise<string> {
  const { userId } = await office.actor(role);
  return (await office.services.sessions.create(office.db, { id: userId, role })).token;
}

const forge = (prefix = 'evo_') => prefix + randomBytes(32).toString('base64url');

async function inTurn(count: number, call: () => Promise<string>): Promise<string[]> {
  const outcomes: string[] = [];
  for (let n = 0; n < count; n += 1) outcomes.push(await call());
  return outcomes;
}

test('whoever has a session has calls of their own, known here or not, where strangers have used up those of the address', async () => {
  const { list, me, users } = await openProcess({ general: 4 });
  const [ada, bo, staff, admin] = [
    await signIn('user'),
    await signIn('user'),
    await signIn('staff'),
    await signIn('admin'),
  ];
  expect(await inTurn(5, () => list(null))).toEqual(['ok', 'ok', 'ok', 'ok', 'too_many_requests']);
  expect([await list(ada), await me(bo), await me(staff), await users(admin)]).toEqual(['ok', 'ok', 'ok', 'ok']);
  expect(await inTurn(4, () => me(ada))).toEqual(['ok', 'ok', 'ok', 'too_many_requests']);
  expect(await inTurn(4, () => users(admin))).toEqual(['ok', 'ok', 'ok', 'too_many_requests']);
  expect([await me(bo), await list(null), await list(forge())]).toEqual([
    'ok',
    'too_many_requests',
    'too_many_requests',
  ]);
});

test.each(['me', 'users', 'list'] as const)(
  'tokens that nobody has are looked up for %s as often as an address has calls, and no more until the window is over',
  async (call) => {
    const world = await openProcess({ general: 4 });
    const known = await signIn('admin');
    expect(await world.users(known, HALL)).toBe('ok');
    await inTurn(5, () => world.list(null));
    const before = world.asked.lookUps;
    await inTurn(30, () => world[call](forge(call === 'users' ? 'eva_' : 'evo_')));
    expect(world.asked.lookUps - before).toBe(4);
    expect(await world.users(known, HALL)).toBe('ok');
    expect(await world.me(await signIn('user'), HALL)).toBe('too_many_requests');
    expect(await world.me(await signIn('user'), ELSEWHERE)).toBe('ok');
    world.clock.ms = QUARTER_HOUR_MS;
    expect(await world.me(await signIn('user'), HALL)).toBe('ok');
  },
);

test('a token that nobody has is looked up once, and what is no token never', async () => {
  const { asked, me, users } = await openProcess({ general: 100 });
  const forged = forge();
  expect(await inTurn(3, () => me(forged))).toEqual(['unauthenticated', 'unauthenticated', 'unauthenticated']);
  expect(await users(forged)).toBe('unauthenticated');
  expect(asked.lookUps).toBe(1);
  for (const other of [null, '', 'evo_short', `${forged}=`]) expect(await me(other)).toBe('unauthenticated');
  expect(asked.lookUps).toBe(1);
});

test('a session that ended is looked up once more, and counts as a token that nobody has', async () => {
  const { asked, users } = await openProcess({ general: 100 });
  const token = await signIn('admin');
  expect(await users(token)).toBe('ok');
  await office.services.sessions.end(token);
  expect(await inTurn(3, () => users(token))).toEqual(['unauthenticated', 'unauthenticated', 'unauthenticated']);
  expect(asked.lookUps).toBe(2);
});

test('who has used up their own calls is not looked up for more of them', async () => {
  const { asked, users } = await openProcess({ general: 4 });
  const token = await signIn('user');
  const refused = ['forbidden', 'forbidden', 'forbidden', 'forbidden', 'too_many_requests', 'too_many_requests'];
  expect(await inTurn(6, () => users(token))).toEqual(refused);
  expect(asked.lookUps).toBe(4);
});

test('new accounts are counted for the address, with a session as without one', async () => {
  const { me, register } = await openProcess({ general: 100, register: 2 });
  const token = await signIn('user');
  expect(await me(token)).toBe('ok');
  expect([await register(null), await register(token), await register(token), await register(null)]).toEqual([
    'ok',
    'ok',
    'too_many_requests',
    'too_many_requests',
  ]);
  expect(await register(token, ELSEWHERE)).toBe('ok');
});
