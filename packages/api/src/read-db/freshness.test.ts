import { expect, test } from 'vitest';
import { createFreshness } from './freshness.ts';

test('a replica that was never heard of has nothing', () => {
  const { has, ageMs } = createFreshness();
  expect(has('show', 500, 0)).toBe(false);
  expect(ageMs(0)).toBe(Number.POSITIVE_INFINITY);
});

test('it has what was committed before it caught up, for as long as that is not too long ago', () => {
  const { caughtUp, has, ageMs } = createFreshness();
  caughtUp(1000);
  expect(has('show', 500, 1500)).toBe(true);
  expect(has('show', 500, 1501)).toBe(false);
  // What is heard later may be older.
  caughtUp(900);
  expect(ageMs(1500)).toBe(500);
});

test('a thing that changed is had again from the moment that the replica has caught up with it, others all along', () => {
  const { caughtUp, changed, has } = createFreshness();
  caughtUp(1000);
  changed(['show', 'event'], 1100);
  expect(['show', 'event', 'other'].map((thing) => has(thing, 500, 1200))).toEqual([false, false, true]);
  changed(['show'], 1200);
  caughtUp(1150);
  expect(['show', 'event'].map((thing) => has(thing, 500, 1200))).toEqual([false, true]);
  // What is committed in the very instant may have come after the look.
  caughtUp(1200);
  expect(has('show', 500, 1200)).toBe(false);
  caughtUp(1201);
  expect(has('show', 500, 1201)).toBe(true);
});

test('when anything may have changed, nothing is had until the replica has caught up with that', () => {
  const { caughtUp, changedAnything, has } = createFreshness();
  caughtUp(1000);
  changedAnything(1000);
  expect(has('show', 500, 1001)).toBe(false);
  caughtUp(1002);
  expect(has('show', 500, 1002)).toBe(true);
});

test('more changes than are kept count as a change of everything, never of nothing', () => {
  const { caughtUp, changed, has } = createFreshness();
  caughtUp(1000);
  const things = Array.from({ length: 10_001 }, (_, n) => `show ${n}`);
  things.forEach((thing, n) => {
    changed([thing], 1001 + n / 100_000);
  });
  expect(things.filter((thing) => has(thing, 500, 1200))).toEqual([]);
  expect(has('another', 500, 1200)).toBe(false);
  caughtUp(1200);
  expect(has('show 1', 500, 1200)).toBe(true);
});
