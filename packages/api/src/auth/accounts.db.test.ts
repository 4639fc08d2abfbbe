import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createContext, type Services } from '../context.ts';
import { createCaller } from '../router.ts';
import { codeOf, createTestOffice, newKey, type TestOffice, tally } from '../testing.ts';

let office: TestOffice;

beforeAll(async () => {
  office = await createTestOffice();
});
afterAll(() => office[Symbol.asyncDispose]());

const PASSWORD = 'correct horse';
const NEXT = 'battery staple';

/** As a request with this token would call. */
const withToken = (token: string | null, services: Services = office.services) =>
  createCaller(createContext(services, { requestId: 'test', token }));
const nobody = (services?: Services) => withToken(null, services).auth;

const register = (email = `${newKey()}@example.com`) => nobody().register({ email, password: PASSWORD, name: 'Ada' });

const login = (email: string, password: string) => nobody().login({ email, password });

/** What became of a call: `done`, or the problem's code. */
const outcome = (call: Promise<unknown>) => call.then(() => 'done', codeOf);

const countSessions = async (userId: string) =>
  (await office.db.selectFrom('sessions').select('id').where('user_id', '=', userId).execute()).length;

/** Services whose password check or hash lets something else happen right after it. */
function meanwhile(during: 'verify' | 'hash', act: () => Promise<unknown>): Services {
  const { passwords } = office.services;
  const then = async <T>(answer: T) => {
    await act();
    return answer;
  };
  return {
    ...office.services,
    passwords: {
      ...passwords,
      [during]: async (...input: [never, never]) => then(await passwords[during](...input)),
    },
  };
}

test('one address in several spellings, registered 20 times at once: one account, 19 times email_taken', async () => {
  const key = newKey();
  const spellings = [`${key}@example.com`, `${key.toUpperCase()}@Example.COM`, `  ${key}@EXAMPLE.com `];
  const results = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => register(spellings[n % 3])));
  expect(tally(results)).toEqual({ done: 1, email_taken: 19 });
  const rows = await office.db.selectFrom('users').select('email').where('email', 'like', `${key}%`).execute();
  expect(rows).toEqual([{ email: spellings[0] }]);
  for (const spelling of spellings) expect((await login(spelling, PASSWORD)).user.email).toBe(spellings[0]);
});

test('an unknown address and a wrong password: the identical answer, at the cost of one check each', async () => {
  const { user } = await register();
  const verify = vi.spyOn(office.services.passwords, 'verify');
  const answers = [];
  for (const email of [user.email, `${newKey()}@example.com`]) {
    const error: unknown = await login(email, 'wrong horse!').catch((cause: unknown) => cause);
    const { name, message, code, cause } = error as Error & { code: string; cause: { problem: unknown } };
    answers.push({ name, message, code, problem: cause.problem });
  }
  expect(answers[0]).toMatchObject({ code: 'UNAUTHORIZED', problem: { code: 'invalid_credentials' } });
  expect(answers[1]).toEqual(answers[0]);
  expect(verify).toHaveBeenCalledTimes(2);
  verify.mockRestore();
});

test('a change of password ends every session of the account and answers a new one', async () => {
  const { token, user } = await register();
  const { token: phone } = await login(user.email, PASSWORD);
  const stranger = await register();
  const changed = await withToken(token).auth.changePassword({ current: PASSWORD, next: NEXT });
  for (const old of [token, phone]) expect(await outcome(withToken(old).auth.me())).toBe('unauthenticated');
  expect((await withToken(changed.token).auth.me()).id).toBe(user.id);
  expect((await withToken(stranger.token).auth.me()).id).toBe(stranger.user.id);
  expect(await outcome(login(user.email, PASSWORD))).toBe('invalid_credentials');
  expect(await outcome(login(user.email, NEXT))).toBe('done');
});

test('a change of password by somebody who does not know the present one changes nothing', async () => {
  const { token, user } = await register();
  const change = withToken(token).auth.changePassword({ current: 'wrong horse!', next: NEXT });
  expect(await outcome(change)).toBe('invalid_credentials');
  expect((await withToken(token).auth.me()).id).toBe(user.id);
  expect(await outcome(login(user.email, NEXT))).toBe('invalid_credentials');
  expect(await outcome(login(user.email, PASSWORD))).toBe('done');
});

test('two changes of one password at once: exactly one is done, and its session is the only one', async () => {
  const { user } = await register();
  // Both were signed in when they asked: the sessions that the faster one ends are not what stops the other.
  const owner = office.as({ ...user, userId: user.id });
  const wishes = [`${NEXT} 0`, `${NEXT} 1`];
  const results = await Promise.allSettled(
    wishes.map((next) => owner.auth.changePassword({ current: PASSWORD, next })),
  );
  expect(tally(results)).toEqual({ done: 1, invalid_credentials: 1 });
  expect(await countSessions(user.id)).toBe(1);
  const winner = results.findIndex(({ status }) => status === 'fulfilled');
  expect(await Promise.all(wishes.map((next) => outcome(login(user.email, next))))).toEqual(
    wishes.map((_, n) => (n === winner ? 'done' : 'invalid_credentials')),
  );
});

test('a login that checked the old password while it was being changed gets no session', async () => {
  const { token, user } = await register();
  const services = meanwhile('verify', () => withToken(token).auth.changePassword({ current: PASSWORD, next: NEXT }));
  const late = nobody(services).login({ email: user.email, password: PASSWORD });
  expect(await outcome(late)).toBe('invalid_credentials');
  expect(await countSessions(user.id)).toBe(1);
});

test('a role that changes while the password does: the new session is one of the new role', async () => {
  const { token, user } = await register();
  const admin = office.as(await office.actor('admin'));
  const services = meanwhile('hash', () => admin.admin.users.setRole({ userId: user.id, role: 'admin' }));
  const changed = await withToken(token, services).auth.changePassword({ current: PASSWORD, next: NEXT });
  expect(changed.token.slice(0, 4)).toBe('eva_');
  expect((await withToken(changed.token).auth.me()).role).toBe('admin');
});
