import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProblemError } from '../problem.ts';
import { createLimits } from './limits.ts';

const QUARTER_HOUR_MS = 15 * 60_000;
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A door with five tries, on a clock that stands still until it is told. */
function openDoor(login = 5) {
  const clock = { ms: 0 };
  const calls = { general: 1000, booking: 30, login, register: 50 };
  const { tryPassword } = createLimits({ calls, redis: null, log, now: () => clock.ms });
  const attempt = async (email: string, address: string, password: 'right' | 'wrong') => {
    const check = async () => {
      if (password === 'wrong') throw new ProblemError({ code: 'invalid_credentials' });
      return 'in';
    };
    return await tryPassword({ email, address }, check).catch(answerOf);
  };
  return { clock, tryPassword, attempt };
}

/** The milliseconds of a refusal, or the code of another problem. */
function answerOf(error: unknown): number | string {
  if (!(error instanceof ProblemError)) throw error;
  return error.problem.code === 'too_many_requests' ? error.problem.retryAfterMs : error.problem.code;
}

test('after five failures of an account at an address the right password waits there until the window ends', async () => {
  const { clock, attempt } = openDoor();
  for (clock.ms of [0, 1000, 2000, 3000, 4000]) {
    expect(await attempt('ada', '203.0.113.7', 'wrong')).toBe('invalid_credentials');
  }
  for (const password of ['right', 'wrong'] as const) {
    expect(await attempt('ada', '203.0.113.7', password)).toBe(QUARTER_HOUR_MS - 4000);
  }
  expect(await attempt('ada', '203.0.113.8', 'right')).toBe('in');
  expect(await attempt('bob', '203.0.113.7', 'right')).toBe('in');
  clock.ms = QUARTER_HOUR_MS;
  expect(await attempt('ada', '203.0.113.7', 'right')).toBe('in');
});

test('a success gives no failure back, and costs none', async () => {
  const { attempt } = openDoor();
  for (let n = 0; n < 4; n += 1) await attempt('ada', '203.0.113.7', 'wrong');
  for (let n = 0; n < 60; n += 1) expect(await attempt('ada', '203.0.113.7', 'right')).toBe('in');
  expect(await attempt('ada', '203.0.113.7', 'wrong')).toBe('invalid_credentials');
  expect(await attempt('ada', '203.0.113.7', 'right')).toBe(QUARTER_HOUR_MS);
});

test('tries that are made at once are no more than tries one after another; those beyond are decided a second later', async () => {
  const { tryPassword } = openDoor();
  let checks = 0;
  const { promise: decided, resolve: decide } = Promise.withResolvers<void>();
  const attempt = () =>
    tryPassword({ email: 'ada', address: '203.0.113.7' }, async () => {
      checks += 1;
      await decided;
      throw new ProblemError({ code: 'invalid_credentials' });
    }).catch(answerOf);
  const first = Array.from({ length: 5 }, attempt);
  expect(await Promise.all([attempt(), attempt()])).toEqual([1000, 1000]);
  decide();
  expect(await Promise.all(first)).toEqual(Array(5).fill('invalid_credentials'));
  expect([await attempt(), checks]).toEqual([QUARTER_HOUR_MS, 5]);
});

test('what fails for another reason costs no try', async () => {
  const { tryPassword, attempt } = openDoor();
  const busy = async () => {
    throw new ProblemError({ code: 'overloaded', retryAfterMs: 7 });
  };
  for (let n = 0; n < 60; n += 1) {
    expect(await tryPassword({ email: 'ada', address: '203.0.113.7' }, busy).catch(answerOf)).toBe('overloaded');
  }
  expect(await attempt('ada', '203.0.113.7', 'right')).toBe('in');
});

test('one address on many accounts has fifty failures; elsewhere nobody notices', async () => {
  const { attempt } = openDoor();
  const answers = [];
  for (let n = 0; n < 60; n += 1) answers.push(await attempt(`account ${n}`, '2001:db8::1', 'wrong'));
  expect(answers.filter((answer) => answer === 'invalid_credentials')).toHaveLength(50);
  expect(answers.slice(50)).toEqual(Array(10).fill(QUARTER_HOUR_MS));
  expect(await attempt('account 3', '2001:db8::2', 'right')).toBe(QUARTER_HOUR_MS);
  expect(await attempt('account 3', '2001:db8:0:1::1', 'right')).toBe('in');
});

test('nor has an address more of them when it tries many accounts at once', async () => {
  const { attempt } = openDoor();
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, n) => attempt(`account ${n}`, '203.0.113.7', 'wrong')),
  );
  expect(answers.filter((answer) => answer === 'invalid_credentials')).toHaveLength(50);
  expect(answers.filter((answer) => answer === 1000)).toHaveLength(10);
});

test('many addresses on one account have one try each after a hundred failures, and its owner gets in', async () => {
  const { clock, attempt } = openDoor();
  let failures = 0;
  for (let n = 0; n < 250; n += 1) {
    for (let m = 0; m < 5; m += 1) {
      if ((await attempt('ada', `10.0.0.${n}`, 'wrong')) === 'invalid_credentials') failures += 1;
    }
  }
  expect(failures).toBe(20 * 5 + 230);
  expect(await attempt('ada', '203.0.113.7', 'right')).toBe('in');
  expect(await attempt('ada', '203.0.113.7', 'wrong')).toBe('invalid_credentials');
  expect(await attempt('ada', '203.0.113.7', 'right')).toBe(QUARTER_HOUR_MS);
  clock.ms = QUARTER_HOUR_MS;
  for (let n = 0; n < 5; n += 1) await attempt('ada', '203.0.113.7', 'wrong');
  expect(await attempt('ada', '203.0.113.7', 'right')).toBe(QUARTER_HOUR_MS);
});

test('whatever strangers try elsewhere, who has not failed at his address gets in with the right password', async () => {
  const stranger = fc.record({
    email: fc.constantFrom('ada', 'ada', 'ada', 'bob'),
    address: fc.integer({ min: 1, max: 99 }).map((n) => `10.0.0.${n}`),
    password: fc.constantFrom('right' as const, 'wrong' as const, 'wrong' as const),
    afterMs: fc.constantFrom(0, 0, 0, 0, 60_000),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(stranger, { minLength: 40, maxLength: 150 }), async (strangers) => {
      const { clock, attempt } = openDoor(1);
      for (const { email, address, password, afterMs } of strangers) {
        clock.ms += afterMs;
        await attempt(email, address, password);
        expect(await attempt('ada', '203.0.113.7', 'right')).toBe('in');
      }
    }),
    { numRuns: 40 },
  );
});
