import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createWindows, type LimitRule, type Windows } from './windows.ts';

/** Windows on a clock that stands still until it is told. */
function open(rule: LimitRule, maxKeys = 1000, isShared = true) {
  const clock = { ms: 0 };
  return { clock, windows: createWindows({ rule, now: () => clock.ms, isShared, maxKeys }) };
}

/** How many calls a caller has left; takes them. */
function takeAll(windows: Windows, who: string): number {
  let taken = 0;
  while (windows.count(who) === 0) taken += 1;
  return taken;
}

test('each caller has exactly as many calls as the rule says, from the first one on until the period is over', () => {
  const step = fc.record({ who: fc.constantFrom('a', 'b', 'c', 'd'), afterMs: fc.integer({ min: 0, max: 60 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 5 }), (steps, calls) => {
      const { clock, windows } = open({ calls, periodMs: 100 });
      const model = new Map<string, { count: number; endsAt: number }>();
      for (const { who, afterMs } of steps) {
        clock.ms += afterMs;
        let own = model.get(who);
        if (!own || own.endsAt <= clock.ms) own = { count: 0, endsAt: clock.ms + 100 };
        model.set(who, own);
        const leftMs = own.count < calls ? 0 : own.endsAt - clock.ms;
        expect(windows.msUntilFree(who)).toBe(leftMs === 0 ? null : leftMs);
        expect(windows.count(who)).toBe(leftMs);
        if (leftMs === 0) own.count += 1;
      }
    }),
  );
});

test('asking costs nothing, and calls under way are taken into account', () => {
  const { windows } = open({ calls: 3, periodMs: 100 });
  windows.count('a');
  expect([0, 1, 2, 3].map((more) => windows.msUntilFree('a', more))).toEqual([null, null, 100, 100]);
  expect(windows.msUntilFree('b', 3)).toBe(100);
  expect(takeAll(windows, 'a')).toBe(2);
});

test('a flood of callers takes no more memory than it may, and who goes on calling is not forgotten in it', () => {
  const { windows } = open({ calls: 50, periodMs: 1e9 }, 100);
  let passed = 0;
  for (let n = 0; n < 5000; n += 1) {
    windows.count(`stranger ${n}`);
    if (n % 25 === 0 && windows.count('regular') === 0) passed += 1;
    expect(windows.size()).toBeLessThanOrEqual(100);
  }
  expect(passed).toBe(50);
});

test('windows that are over leave memory, with nobody flooding it', () => {
  const { clock, windows } = open({ calls: 5, periodMs: 100 });
  for (let n = 0; n < 300; n += 1) windows.count(`early ${n}`);
  for (clock.ms of [100, 200, 300]) windows.count(`late ${clock.ms}`);
  expect(windows.size()).toBeLessThanOrEqual(2);
});

test('what others counted is added to what was counted here, before and since', () => {
  const { windows } = open({ calls: 20, periodMs: 100 });
  for (let n = 0; n < 3; n += 1) windows.count('a');
  const [told] = windows.takeUntold(10);
  if (!told) throw new Error('nobody is in line');
  expect(told.untold).toBe(3);
  told.untold = 0;
  windows.count('a');
  windows.hear(told, 3 + 8, 40);
  expect(windows.msUntilFree('a', 8)).toBe(40);
  expect(takeAll(windows, 'a')).toBe(20 - 8 - 4);
});

test('others who lost count take nothing from what was counted here, and do not prolong it', () => {
  const { windows } = open({ calls: 5, periodMs: 100 });
  takeAll(windows, 'a');
  const [told] = windows.takeUntold(10);
  if (!told) throw new Error('nobody is in line');
  told.untold = 0;
  for (const [total, leftMs] of [
    [1, 90],
    [9, -1],
  ] as const) {
    windows.hear(told, total, leftMs);
    expect(windows.msUntilFree('a')).toBe(100);
  }
  windows.hear(told, 9, 1e9);
  expect(windows.msUntilFree('a')).toBe(100);
});

test('everybody gets their turn in the line, once; those whose window is over do not need one', () => {
  const { clock, windows } = open({ calls: 5, periodMs: 100 });
  windows.count('over');
  clock.ms = 60;
  for (const who of ['a', 'b', 'a', 'c']) windows.count(who);
  clock.ms = 110;
  const names = (most: number) => windows.takeUntold(most).map(({ who }) => who);
  expect([names(2), names(2), names(2)]).toEqual([['a'], ['b', 'c'], []]);
  windows.count('a');
  expect(names(2)).toEqual(['a']);
});

test('the line to others who are away grows no longer than memory may, and goes on when they are back', () => {
  const { windows } = open({ calls: 5, periodMs: 1e9 }, 100);
  for (let n = 0; n < 1000; n += 1) windows.count(`stranger ${n}`);
  expect(windows.takeUntold(1e6)).toHaveLength(100);
  windows.count('stranger 999');
  expect(windows.takeUntold(1e6).map(({ who, untold }) => [who, untold])).toEqual([['stranger 999', 2]]);
});
