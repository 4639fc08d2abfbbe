import type { RefundRule, RefundTerms } from '@evently/db/schema';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refundOf, sortRules, termsSince } from './refund-rules.ts';

const START = new Date('2026-07-24T17:30:00Z');
const HOUR_MS = 3_600_000;
const before = (hours: number) => new Date(START.getTime() - hours * HOUR_MS);

const rules = fc
  .uniqueArray(fc.record({ hoursBefore: fc.nat(200), refundPercent: fc.nat(100), feeAmount: fc.nat(3000) }), {
    maxLength: 6,
    selector: (rule) => rule.hoursBefore,
  })
  .map(sortRules);
const terms = (ofRules: RefundRule[]): RefundTerms => ({
  from: null,
  policy: { id: 'p', name: 'Policy', rules: ofRules },
});
const price = fc.nat(20_000);
/** Hours until the show; below nothing, it has begun. */
const hours = fc.double({ min: -5, max: 250, noNaN: true });

test('the rule of a time decides: until 72 hours all but a fee, until 24 hours half, then nothing', () => {
  const strict = terms([
    { hoursBefore: 72, refundPercent: 100, feeAmount: 200 },
    { hoursBefore: 24, refundPercent: 50, feeAmount: 0 },
  ]);
  const refundAt = (hoursLeft: number) => refundOf(strict, 4000, START, before(hoursLeft));
  expect([100, 72, 71.99, 48, 24, 23.99, 0, -1].map(refundAt)).toEqual([3800, 3800, 2000, 2000, 2000, 0, 0, 0]);
});

test('a later rule never returns more than an earlier one did', () => {
  const odd = terms([
    { hoursBefore: 72, refundPercent: 100, feeAmount: 3000 },
    { hoursBefore: 24, refundPercent: 100, feeAmount: 0 },
  ]);
  expect([80, 48].map((hoursLeft) => refundOf(odd, 4000, START, before(hoursLeft)))).toEqual([1000, 1000]);
});

test('without a policy everything goes back until the show begins', () => {
  const free: RefundTerms = { from: null, policy: null };
  expect([1, 0.001, 0, -1].map((hoursLeft) => refundOf(free, 999, START, before(hoursLeft)))).toEqual([999, 999, 0, 0]);
});

test('whatever the rules: never less than nothing, never more than the price, whole units, and waiting never pays', () => {
  fc.assert(
    fc.property(rules, price, hours, hours, (made, amount, a, b) => {
      const [early, late] = [Math.max(a, b), Math.min(a, b)].map((left) =>
        refundOf(terms(made), amount, START, before(left)),
      );
      expect(Number.isInteger(early)).toBe(true);
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThanOrEqual(early!);
      expect(early).toBeLessThanOrEqual(amount);
    }),
    { numRuns: 500 },
  );
});

test('a booking is cancelled by the terms it was made under and by all later ones, at the instant of a change by both', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));
  const named = (name: string, from: Date | null): RefundTerms => ({
    from: from?.toISOString() ?? null,
    policy: { id: name, name, rules: [] },
  });
  const changed = [named('first', null), named('second', at(10)), named('third', at(20))];
  const namesAt = (minute: number) => termsSince(changed, at(minute)).map(({ policy }) => policy?.name);
  expect([5, 10, 11, 20, 21].map(namesAt)).toEqual([
    ['first', 'second', 'third'],
    ['first', 'second', 'third'],
    ['second', 'third'],
    ['second', 'third'],
    ['third'],
  ]);
  expect(termsSince([], at(0))).toEqual([{ from: null, policy: null }]);
});
