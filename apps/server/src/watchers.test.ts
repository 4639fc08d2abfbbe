import { codeOf } from '@evently/api/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createWatchers, type Listener } from './watchers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Counted extends Listener {
  pings: number;
  ends: number;
}

const listener = (): Counted => ({
  pings: 0,
  ends: 0,
  ping() {
    this.pings += 1;
  },
  end() {
    this.ends += 1;
  },
});

const refusalOf = (enter: () => unknown): string => {
  try {
    enter();
    return 'entered';
  } catch (error) {
    return codeOf(new Error('', { cause: error }));
  }
};

test('there is room for so many in all and from one address, and who leaves makes room', () => {
  const watchers = createWatchers({ most: 4, mostPerAddress: 2 });
  const leaves = ['1.1.1.1', '1.1.1.1', '2.2.2.2'].map((address) => watchers.enter(listener(), address));
  expect(refusalOf(() => watchers.enter(listener(), '1.1.1.1'))).toBe('too_many_requests');
  // A household has a whole network of addresses.
  watchers.enter(listener(), '2001:db8::1');
  expect(watchers.count()).toBe(4);
  expect(refusalOf(() => watchers.enter(listener(), '3.3.3.3'))).toBe('overloaded');
  for (const leave of leaves) leave();
  leaves[0]!();
  expect(watchers.count()).toBe(1);
  watchers.enter(listener(), '2001:db8::2');
  expect(refusalOf(() => watchers.enter(listener(), '2001:db8::3'))).toBe('too_many_requests');
  for (const address of ['1.1.1.1', '1.1.1.1']) watchers.enter(listener(), address);
  expect(refusalOf(() => watchers.enter(listener(), null))).toBe('overloaded');
});

test('everybody is pinged every fifteen seconds, not all at once, and nobody after they left', () => {
  const watchers = createWatchers({ most: 1000, mostPerAddress: Number.POSITIVE_INFINITY });
  const listeners = Array.from({ length: 600 }, listener);
  const leaves = listeners.map((each) => watchers.enter(each, null));
  const pings = () => listeners.reduce((sum, each) => sum + each.pings, 0);
  vi.advanceTimersByTime(1000);
  expect(pings()).toBeGreaterThan(0);
  expect(pings()).toBeLessThan(100);
  vi.advanceTimersByTime(16_000);
  expect(Math.min(...listeners.map((each) => each.pings))).toBe(1);
  expect(Math.max(...listeners.map((each) => each.pings))).toBeLessThanOrEqual(2);
  for (const leave of leaves.slice(1)) leave();
  const before = pings();
  vi.advanceTimersByTime(60_000);
  expect(pings() - before).toBe(listeners[0]!.pings - (before - pings() + listeners[0]!.pings));
  expect(listeners[0]!.pings).toBeGreaterThanOrEqual(4);
  leaves[0]!();
  expect(vi.getTimerCount()).toBe(0);
});

test('when it closes it hangs up on everybody, and whoever comes then is sent elsewhere', () => {
  const watchers = createWatchers({ most: 10, mostPerAddress: 10 });
  const listeners = [listener(), listener()];
  for (const each of listeners) watchers.enter(each, null);
  watchers.close();
  expect(listeners.map((each) => each.ends)).toEqual([1, 1]);
  expect(refusalOf(() => watchers.enter(listener(), null))).toBe('unavailable');
  expect(vi.getTimerCount()).toBe(0);
});
