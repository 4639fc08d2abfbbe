import { expect, test } from 'vitest';
import type { ProblemError } from '../problem.ts';
import { createLimits, noLimits } from './limits.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const calls = { general: 10, booking: 4, login: 5, register: 3 };

const times = (count: number, act: () => void) => Array.from({ length: count }).forEach(act);

test('beyond its calls a caller is told when there are more, and other classes and callers go on', () => {
  const clock = { ms: 0 };
  const limits = createLimits({ calls, redis: null, log, now: () => clock.ms });
  const refusal = () => {
    try {
      limits.charge('booking', 'u:1');
    } catch (error) {
      return (error as ProblemError).problem;
    }
    return null;
  };
  times(4, () => expect(refusal()).toBe(null));
  clock.ms = 15_000;
  times(2, () => expect(refusal()).toEqual({ code: 'too_many_requests', retryAfterMs: 45_000 }));
  expect(limits.isOver('booking', 'u:1')).toBe(45_000);
  limits.charge('booking', 'u:2');
  limits.charge('general', 'u:1');
  clock.ms = 60_000;
  // The four of the minute before count as four still, and fade.
  expect(refusal()).toBe(null);
  expect(refusal()).toEqual({ code: 'too_many_requests', retryAfterMs: 15_000 });
  clock.ms = 180_000;
  times(4, () => expect(refusal()).toBe(null));
  expect(refusal()).toEqual({ code: 'too_many_requests', retryAfterMs: 60_000 });
});

test('of each class there are as many calls as its setting says, and without limits as many as anybody likes', () => {
  const limits = createLimits({ calls, redis: null, log });
  for (const limit of ['general', 'booking', 'register'] as const) {
    let taken = 0;
    while (limits.count(limit, 'a:203.0.113.7') === 0) taken += 1;
    expect(taken).toBe(calls[limit]);
    times(100, () => noLimits.charge(limit, 'a:203.0.113.7'));
    expect(noLimits.isOver(limit, 'a:203.0.113.7')).toBe(null);
  }
});
