import type { RefundTerms } from '@evently/db/schema';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PaymentState } from '../box-office/inventory.ts';
import { sortRules } from '../policies/refund-rules.ts';
import { type CancellationCase, chargeToReturn, quoteCancellation, ticketsToCancel } from './cancellation.ts';
import { explainQuote } from './explain-cancellation.ts';

const START = new Date('2026-07-24T17:30:00Z');
const HOUR_MS = 3_600_000;
const before = (hours: number) => new Date(START.getTime() - hours * HOUR_MS);
const BOOKED_AT = before(1000);

const strict: RefundTerms = {
  from: null,
  policy: {
    id: 'strict',
    name: 'Strict',
    rules: [
      { hoursBefore: 72, refundPercent: 100, feeAmount: 200 },
      { hoursBefore: 24, refundPercent: 50, feeAmount: 0 },
    ],
  },
};

const caseOf = (own: Partial<CancellationCase>): CancellationCase => ({
  now: before(100),
  startsAt: START,
  collectAtDoor: false,
  isShowCancelled: false,
  refundTerms: [strict],
  bookedAt: BOOKED_AT,
  isPaid: true,
  ...own,
});
const priced = (...prices: number[]) => prices.map((price) => ({ price }));

const rules = fc
  .uniqueArray(fc.record({ hoursBefore: fc.nat(200), refundPercent: fc.nat(100), feeAmount: fc.nat(3000) }), {
    maxLength: 4,
    selector: (rule) => rule.hoursBefore,
  })
  .map(sortRules);
const policy = fc.option(rules.map((made) => ({ id: 'p', name: 'Policy', rules: made })));
/** Terms that were changed up to three times, an hour apart, the first time before the booking or after it. */
const refundTerms = fc
  .array(policy, { maxLength: 4 })
  .map((made) =>
    made.map(
      (its, index): RefundTerms => ({ from: index === 0 ? null : before(1002 - index).toISOString(), policy: its }),
    ),
  );
const anyCase = fc
  .record({
    refundTerms,
    hours: fc.double({ min: -5, max: 250, noNaN: true }),
    collectAtDoor: fc.boolean(),
    isPaid: fc.boolean(),
    isShowCancelled: fc.boolean(),
  })
  .map(({ hours, ...own }) => caseOf({ ...own, now: before(hours) }));
const prices = fc.array(fc.nat(9000), { maxLength: 6 });

test('refund and fee are the price of what was paid for, and nothing where nothing was', () => {
  fc.assert(
    fc.property(anyCase, prices, fc.constantFrom('policy', 'full', 'none'), (of, made, mode) => {
      const price = made.reduce((sum, amount) => sum + amount, 0);
      const { refund, fee } = quoteCancellation(priced(...made), of, mode);
      expect(Math.min(refund, fee)).toBeGreaterThanOrEqual(0);
      expect(refund + fee).toBe(of.collectAtDoor || !of.isPaid ? 0 : price);
      if (mode === 'none') expect(refund).toBe(0);
      if (mode === 'full') expect(fee).toBe(0);
    }),
    { numRuns: 400 },
  );
});

test('parts return what the whole returns, and waiting never pays', () => {
  fc.assert(
    fc.property(anyCase, prices, fc.nat(6), fc.nat(500), (of, made, cut, later) => {
      const refund = (some: number[], own: Partial<CancellationCase> = {}) =>
        quoteCancellation(priced(...some), { ...of, ...own }, 'policy').refund;
      expect(refund(made.slice(0, cut)) + refund(made.slice(cut))).toBe(refund(made));
      expect(refund(made, { now: new Date(of.now.getTime() + later * HOUR_MS) })).toBeLessThanOrEqual(refund(made));
    }),
    { numRuns: 400 },
  );
});

test('new terms of a show never return less for what was bought before than the former ones', () => {
  fc.assert(
    fc.property(anyCase, policy, prices, (of, added, made) => {
      const from = before(900).toISOString();
      const former = of.refundTerms.length > 0 ? of.refundTerms : [{ from: null, policy: null }];
      const changed = { ...of, refundTerms: [...former, { from, policy: added }] };
      const [was, is] = [of, changed].map((its) => quoteCancellation(priced(...made), its, 'policy').refund);
      expect(is).toBeGreaterThanOrEqual(was!);
    }),
    { numRuns: 400 },
  );
});

test('when the organiser cancels the show everything goes back, whatever the policy and the time', () => {
  const late = caseOf({ now: before(-10), isShowCancelled: true });
  expect(quoteCancellation(priced(4000, 500), late, 'policy')).toMatchObject({ refund: 4500, rule: 'show_cancelled' });
});

test('a quote is explained in a sentence, with times as they are at the venue', () => {
  const show = { startsAt: START, timeZone: 'Europe/Vienna', currency: 'EUR' };
  const explain = (own: Partial<CancellationCase>) => {
    const of = caseOf(own);
    const sentence = explainQuote(quoteCancellation(priced(4000), of, 'policy'), { ...show, now: of.now });
    // Some versions of Node write a comma after the weekday.
    return sentence.replaceAll('day, ', 'day ');
  };
  const until = 'Tuesday 21 July 2026 at 19:30 (Europe/Vienna)';
  expect(explain({})).toBe(
    `Until ${until}, 72 hours before the show, 100 % of the price of each ticket less €2.00 is returned.`,
  );
  expect(explain({ now: before(48) })).toMatch(
    /^Until Thursday 23 July 2026 at 19:30 .* 50 % of .*than there was before\.$/,
  );
  expect(explain({ now: before(3) })).toMatch(/^It is too late: .* Thursday 23 July 2026 at 19:30/);
  expect(explain({ refundTerms: [] })).toMatch(/^Everything is returned until the show begins: Friday 24 July/);
  expect(explain({ refundTerms: [{ from: null, policy: { id: 'n', name: 'None', rules: [] } }] })).toBe(
    'Tickets of this show are not returned.',
  );
});

test('tickets of others, used ones, and those of holds are not cancelled; void ones are left out', () => {
  const ticket = (id: string, status: 'valid' | 'used' | 'void') => ({ id, status });
  const tickets = [ticket('a', 'valid'), ticket('b', 'void'), ticket('c', 'used')];
  const leaving = (ticketIds: string[] | null, status: 'confirmed' | 'held' | 'cancelled' = 'confirmed') => {
    const found = ticketsToCancel({ status, tickets }, ticketIds, null);
    return 'problem' in found ? found.problem : found.tickets.map(({ id }) => id);
  };
  expect([leaving(['a', 'b']), leaving(['b'])]).toEqual([['a'], []]);
  expect(leaving(null)).toEqual({ code: 'invalid_state', state: 'used' });
  expect(leaving(['a'], 'held')).toEqual({ code: 'invalid_state', state: 'held' });
  expect(leaving(['a', 'stranger'])).toMatchObject({ code: 'invalid_input', issues: [{ path: 'ticketIds.1' }] });
});

test('a refund comes from a charge that has as much left', () => {
  const payment = (id: string, own: Partial<PaymentState>): PaymentState => ({
    ...{ id, kind: 'charge', status: 'succeeded', amount: 1000, provider: 'sandbox', chargeId: null, givesBack: false },
    ...own,
  });
  const refund = (amount: number, chargeId: string) =>
    payment('refund', { kind: 'refund', status: 'requested', amount, chargeId });
  const [late, paid] = [payment('late', {}), payment('paid', {})];
  expect(chargeToReturn([late, paid, refund(1000, 'late')], 1000)).toBe(paid);
  expect(chargeToReturn([paid, refund(400, 'paid')], 600)).toBe(paid);
  expect(chargeToReturn([paid, refund(400, 'paid')], 601)).toBeUndefined();
  expect(chargeToReturn([payment('declined', { status: 'failed' })], 1)).toBeUndefined();
});
