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

const PERIOD_MS = 100;
/** Often one upon the other, and sometimes with a rest in which windows end. */
const afterMs = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 8 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 160 }) },
);
const steps = fc.array(fc.record({ who: fc.constantFrom('a', 'b'), afterMs }), { maxLength: 200 });
const someCalls = fc.integer({ min: 1, max: 5 });

/** Makes calls on a clock of whole milliseconds; what each came to, and what asking before it said. */
function run(made: readonly { who: string; afterMs: number }[], calls: number) {
  const { clock, windows } = open({ calls, periodMs: PERIOD_MS });
  return made.map(({ who, afterMs }) => {
    clock.ms += afterMs;
    const asked = windows.msUntilFree(who);
    return { who, at: clock.ms, asked, waitMs: windows.count(who) };
  });
}

test('a caller has as many calls as the rule says, less what still counts of those of the period before', () => {
  fc.assert(
    fc.property(steps, someCalls, (made, calls) => {
      const model = new Map<string, { beganAt: number; passed: number[] }>();
      for (const { who, at, asked, waitMs } of run(made, calls)) {
        const own = model.get(who) ?? { beganAt: at, passed: [] };
        if (at >= own.beganAt + PERIOD_MS) own.beganAt += PERIOD_MS;
        if (at >= own.beganAt + PERIOD_MS) own.beganAt = at;
        model.set(who, own);
        const count = own.passed.filter((ms) => ms >= own.beganAt).length;
        const before = own.passed.filter((ms) => ms >= own.beganAt - PERIOD_MS && ms < own.beganAt).length;
        const left = calls - count;
        const passes = left > 0 && before * (own.beganAt + PERIOD_MS - at) <= left * PERIOD_MS;
        expect(waitMs === 0).toBe(passes);
        expect(asked).toBe(passes ? null : waitMs);
        if (passes) own.passed.push(at);
      }
    }),
  );
});

test('within any time up to a period nobody has more calls than the rule says, what it gives for that time, and one', () => {
  fc.assert(
    fc.property(steps, someCalls, (made, calls) => {
      const passed = run(made, calls).filter(({ who, waitMs }) => who === 'a' && waitMs === 0);
      passed.forEach(({ at: from }, first) => {
        passed.slice(first).forEach(({ at: to }, more) => {
          if (to - from < PERIOD_MS) expect(more).toBeLessThanOrEqual(calls * (1 + (to - from) / PERIOD_MS));
        });
      });
    }),
  );
});

test('who waits as long as was said has a call then, and no millisecond earlier', () => {
  fc.assert(
    fc.property(steps, someCalls, (made, calls) => {
      const { clock, windows } = open({ calls, periodMs: PERIOD_MS });
      for (const { who, afterMs } of made) {
        clock.ms += afterMs;
        const waitMs = windows.count(who);
        if (waitMs === 0) continue;
        clock.ms += waitMs - 1;
        expect(windows.msUntilFree(who)).toBe(1);
        clock.ms += 1;
        expect(windows.count(who)).toBe(0);
      }
    }),
  );
});

test('after all calls at once, those of the next period come one by one', () => {
  const { clock, windows } = open({ calls: 4, periodMs: 100 });
  expect(takeAll(windows, 'a')).toBe(4);
  const taken = [99, 100, 124, 125, 150, 175, 199, 200].map((ms) => {
    clock.ms = ms;
    return takeAll(windows, 'a');
  });
  expect(taken).toEqual([0, 1, 0, 1, 1, 1, 0, 1]);
});

test('nobody is forgotten while what they did still counts', () => {
  const { clock, windows } = open({ calls: 4, periodMs: 100 });
  clock.ms = 99;
  takeAll(windows, 'a');
  for (clock.ms of [100, 200]) windows.count(`b ${clock.ms}`);
  clock.ms = 201;
  expect(takeAll(windows, 'a')).toBe(1);
});

test('asking costs nothing, and calls under way are taken into account', () => {
  const { windows } = open({ calls: 3, periodMs: 100 });
  windows.count('a');
  expect([0, 1, 2, 3].map((more) => windows.msUntilFree('a', more))).toEqual([null, null, 100, 125]);
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
  for (clock.ms of [200, 400, 600]) windows.count(`late ${clock.ms}`);
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
  windows.hear(told, { count: 3 + 8, before: 0, leftMs: 40 });
  expect(windows.msUntilFree('a', 8)).toBe(40);
  windows.hear(told, { count: 3 + 8, before: 10, leftMs: 50 });
  expect(windows.msUntilFree('a', 5)).toBe(20);
  windows.hear(told, { count: 3 + 8, before: 0, leftMs: 10 });
  expect(takeAll(windows, 'a')).toBe(20 - 8 - 4);
});

test('others who lost count take nothing from what was counted here, and do not prolong it', () => {
  const { clock, windows } = open({ calls: 5, periodMs: 100 });
  takeAll(windows, 'a');
  const [told] = windows.takeUntold(10);
  if (!told) throw new Error('nobody is in line');
  told.untold = 0;
  for (const [total, leftMs] of [
    [1, 90],
    [9, -1],
  ] as const) {
    windows.hear(told, { count: total, before: 0, leftMs });
    expect(windows.msUntilFree('a')).toBe(100);
  }
  windows.hear(told, { count: 5, before: 0, leftMs: 1e9 });
  expect(windows.msUntilFree('a')).toBe(100);
  clock.ms = 100;
  expect(takeAll(windows, 'a')).toBe(1);
  const [next] = windows.takeUntold(10);
  if (!next) throw new Error('nobody is in line');
  next.untold = 0;
  windows.hear(next, { count: 1, before: 0, leftMs: 100 });
  expect(windows.msUntilFree('a')).toBe(20);
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
