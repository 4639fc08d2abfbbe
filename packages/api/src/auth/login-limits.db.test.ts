import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createContext, type Services } from '../context.ts';
import { createLimits } from '../limits/limits.ts';
import type { ProblemError } from '../problem.ts';
import { createCaller } from '../router.ts';
import { createTestOffice, newKey, type TestOffice } from '../testing.ts';

let office: TestOffice;

beforeAll(async () => {
  office = await createTestOffice();
});
afterAll(() => office[Symbol.asyncDispose]());

const PASSWORD = 'correct horse';
const WRONG = 'wrong horse!';
const QUARTER_HOUR_MS = 15 * 60_000;

/** A process with limits, on a clock that stands still until it is told. */
function openProcess(login: number) {
  const clock = { ms: 0 };
  const calls = { general: 1000, booking: 30, login, register: 50 };
  const limits = createLimits({ calls, redis: null, log: office.services.log, now: () => clock.ms });
  const services: Services = { ...office.services, limits };
  const from = (address: string | null) =>
    createCaller(createContext(services, { requestId: 'test', token: null, address })).auth;
  /** `in`, or the problem. */
  const tryLogin = (email: string, password: string, address: string | null) =>
    from(address)
      .login({ email, password })
      .then(() => 'in', problemOf);
  return { clock, login: tryLogin };
}

const problemOf = (error: unknown) => ((error as Error).cause as ProblemError).problem;

async function openAccount(): Promise<string> {
  const { user } = await createCaller(createContext(office.services, { requestId: 'test', token: null })).auth.register(
    {
      email: `${newKey()}@example.com`,
      password: PASSWORD,
      name: 'Ada',
    },
  );
  return user.email;
}

const refused = { code: 'invalid_credentials' };

test('an account and one that does not exist are closed to an address alike, and for nobody else', async () => {
  const { clock, login } = openProcess(5);
  const email = await openAccount();
  const told = [];
  for (const tried of [email, `${newKey()}@example.com`]) {
    clock.ms = 0;
    const answers = [];
    for (let n = 0; n < 5; n += 1) {
      answers.push(await login(n % 2 ? tried.toUpperCase() : ` ${tried}`, WRONG, '203.0.113.7'));
      clock.ms += 1000;
    }
    for (const password of [WRONG, PASSWORD]) answers.push(await login(tried, password, '203.0.113.7'));
    told.push(answers);
  }
  const closed = { code: 'too_many_requests', retryAfterMs: QUARTER_HOUR_MS - 5000 };
  expect(told[0]).toEqual([refused, refused, refused, refused, refused, closed, closed]);
  expect(told[1]).toEqual(told[0]);

  expect(await login(email, PASSWORD, '203.0.113.8')).toBe('in');
  expect(await login(email, PASSWORD, '203.0.113.7')).toEqual(closed);
  clock.ms = QUARTER_HOUR_MS;
  expect(await login(email, PASSWORD, '203.0.113.7')).toBe('in');
});

test('of many wrong passwords at once only as many are looked at as there are tries', async () => {
  const { login } = openProcess(3);
  const email = await openAccount();
  const verify = vi.spyOn(office.services.passwords, 'verify');
  const answers = await Promise.all(Array.from({ length: 12 }, () => login(email, WRONG, '203.0.113.7')));
  expect(answers.filter((answer) => typeof answer !== 'string' && answer.code === 'invalid_credentials')).toHaveLength(
    3,
  );
  expect(answers).toContainEqual({ code: 'too_many_requests', retryAfterMs: 1000 });
  expect(verify).toHaveBeenCalledTimes(3);
  verify.mockRestore();
});

test('an account that many addresses fail on leaves strangers one try each, and lets its owner in', async () => {
  const { login } = openProcess(2);
  const email = await openAccount();
  await Promise.all(Array.from({ length: 40 }, (_, n) => login(email, WRONG, `10.0.0.${n}`)));
  expect(await login(email, WRONG, '10.0.1.1')).toEqual(refused);
  expect(await login(email, WRONG, '10.0.1.1')).toMatchObject({ code: 'too_many_requests' });
  expect(await login(email, PASSWORD, '203.0.113.7')).toBe('in');
});

test('scripts, which come from no address, have no limit', async () => {
  const { login } = openProcess(1);
  const email = await openAccount();
  for (let n = 0; n < 3; n += 1) expect(await login(email, WRONG, null)).toEqual(refused);
  expect(await login(email, PASSWORD, null)).toBe('in');
});
