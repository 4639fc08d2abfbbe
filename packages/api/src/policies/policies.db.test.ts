import { shardOf } from '@evently/db/ids';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listViolations } from '../integrity/invariants.ts';
import {
  type Caller,
  codeOf,
  createTestOffice,
  createTestShow,
  newKey,
  standing,
  type TestOffice,
} from '../testing.ts';

let office: TestOffice;
let admin: Caller;
let buyer: Caller;

beforeAll(async () => {
  office = await createTestOffice();
  admin = office.as(await office.actor('admin'));
  buyer = office.as(await office.actor());
});
afterAll(() => office[Symbol.asyncDispose]());

const HOUR_MS = 3_600_000;
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString();
const payment = { provider: 'sandbox', token: 'pm_ok' };
const strict = [
  { hoursBefore: 24, refundPercent: 50, feeAmount: 0 },
  { hoursBefore: 72, refundPercent: 100, feeAmount: 200 },
];
const outcome = (call: Promise<unknown>) => call.then(() => 'done', codeOf);

const createPolicy = async (rules = strict) => (await admin.admin.policies.create({ name: 'Strict', rules })).id;

/** A show of places at 40.00 each. */
async function showIn(hours: number, cancellationPolicyId?: string) {
  const times = { startsAt: inHours(hours), endsAt: inHours(hours + 2) };
  const own = { ...times, ...(cancellationPolicyId ? { cancellationPolicyId } : {}) };
  return await createTestShow(admin, [standing(50)], { amounts: [4000], ...own });
}

async function book({ showId, sectionIds }: { showId: string; sectionIds: string[] }, quantity = 2) {
  const sections = [{ sectionId: sectionIds[0]!, quantity }];
  return await buyer.bookings.book({ showId, sections, idempotencyKey: newKey(), payment });
}

async function givePolicy(showId: string, cancellationPolicyId: string | null) {
  const { version } = await admin.events.show({ showId });
  return await admin.admin.shows.update({ showId, version, cancellationPolicyId });
}

test('a policy keeps its rules sorted, is made once per key, listed, and edited by who saw its last version', async () => {
  const asked = { name: 'Strict', rules: strict, idempotencyKey: newKey() };
  const made = await admin.admin.policies.create(asked);
  expect(made).toMatchObject({ version: 1, rules: [strict[1], strict[0]] });
  expect(await admin.admin.policies.create(asked)).toEqual(made);
  const policyId = made.id;
  const edited = await admin.admin.policies.update({ policyId, version: 1, rules: [] });
  expect(edited).toMatchObject({ name: 'Strict', rules: [], version: 2 });
  expect(await outcome(admin.admin.policies.update({ policyId, version: 1, name: 'Late' }))).toBe('version_conflict');
  expect(await outcome(admin.admin.policies.update({ policyId: newKey(), version: 1 }))).toBe('not_found');
  expect((await admin.admin.policies.list({ limit: 1 })).items).toEqual([edited]);
});

test('a show is not given a policy that there is not', async () => {
  const error = await showIn(48, newKey()).catch((cause: unknown) => cause);
  const issues = [{ path: 'cancellationPolicyId' }];
  expect(error).toMatchObject({ cause: { problem: { code: 'invalid_input', issues } } });
});

test.each([
  [100, [3800, 200], /^Until .* 72 hours before the show, 100 % of .* less €2\.00/],
  [48, [2000, 2000], /^Until .* \(Europe\/Vienna\), 24 hours before the show, 50 % of/],
  [3, [0, 4000], /^It is too late/],
])('%i hours before the show the quote is what the cancellation then returns', async (hours, [refund, fee], why) => {
  const show = await showIn(hours, await createPolicy());
  const { id: bookingId, tickets } = await book(show);
  const ticketIds = [tickets[0]!.id];
  const quote = await buyer.bookings.cancellationQuote({ bookingId, ticketIds });
  expect([quote.refund.amount, quote.fee.amount]).toEqual([refund, fee]);
  expect(quote.explanation).toMatch(why);
  const whole = await buyer.bookings.cancellationQuote({ bookingId });
  expect([whole.refund.amount, whole.fee.amount]).toEqual([2 * refund!, 2 * fee!]);
  const one = await buyer.bookings.cancel({ bookingId, ticketIds });
  expect(one).toMatchObject({ status: 'confirmed', quantity: 1, refund: { amount: refund, fee } });
  expect(one.total.amount).toBe(4000 + fee!);
  expect(await buyer.bookings.cancel({ bookingId, ticketIds })).toEqual(one);
  expect((await buyer.bookings.cancellationQuote({ bookingId, ticketIds })).rule).toBe('nothing_left');
  expect(await buyer.bookings.cancel({ bookingId })).toMatchObject({
    status: 'cancelled',
    refund: { amount: 2 * refund!, fee: 2 * fee! },
  });
  expect(await outcome(buyer.bookings.cancellationQuote({ bookingId }))).toBe('invalid_state');
  expect(await listViolations(office.db, { showId: show.showId, shard: shardOf(show.showId) })).toEqual([]);
});

test('once the show began nobody cancels their own booking; an admin returns all, or what the rules leave', async () => {
  const show = await showIn(48);
  const [first, second] = [await book(show), await book(show)];
  await office.db.updateTable('shows').set({ starts_at: new Date() }).where('id', '=', show.showId).execute();
  expect(await outcome(buyer.bookings.cancellationQuote({ bookingId: first.id }))).toBe('invalid_state');
  expect(await outcome(buyer.bookings.cancel({ bookingId: first.id }))).toBe('invalid_state');
  const cancel = async (bookingId: string, refund: 'policy' | 'full') =>
    (await admin.admin.bookings.cancel({ bookingId, reason: 'Asked to', refund })).refund?.amount;
  expect([await cancel(first.id, 'policy'), await cancel(second.id, 'full')]).toEqual([0, 8000]);
});

test('where nothing was paid, nothing is returned and nothing kept', async () => {
  const policy = await createPolicy();
  const free = await createTestShow(admin, [standing(5)], { cancellationPolicyId: policy });
  const atDoor = { collectAtDoor: true, amounts: [4000], cancellationPolicyId: policy };
  for (const show of [free, await createTestShow(admin, [standing(5)], atDoor)]) {
    const { id: bookingId } = await book(show);
    expect(await buyer.bookings.cancellationQuote({ bookingId })).toMatchObject({
      refund: { amount: 0 },
      fee: { amount: 0 },
      rule: 'nothing_paid',
    });
    const cancelled = await buyer.bookings.cancel({ bookingId });
    expect([cancelled.status, cancelled.refund]).toEqual(['cancelled', undefined]);
  }
});

test('what was bought keeps the terms it was bought under when they get worse, and gets better ones', async () => {
  const show = await showIn(48);
  const refund = async (bookingId: string) => (await buyer.bookings.cancellationQuote({ bookingId })).refund.amount;
  const early = await book(show);
  const given = await givePolicy(show.showId, await createPolicy());
  expect(given.cancellationPolicy).toMatchObject({ name: 'Strict', rules: [strict[1], strict[0]] });
  const late = await book(show);
  expect([await refund(early.id), await refund(late.id)]).toEqual([8000, 4000]);
  await givePolicy(show.showId, await createPolicy([{ hoursBefore: 1, refundPercent: 75, feeAmount: 0 }]));
  expect([await refund(early.id), await refund(late.id)]).toEqual([8000, 6000]);
  await givePolicy(show.showId, await createPolicy([]));
  expect([await refund(late.id), await refund((await book(show)).id)]).toEqual([6000, 0]);
  expect((await buyer.bookings.cancel({ bookingId: late.id })).refund?.amount).toBe(6000);
  expect((await givePolicy(show.showId, null)).cancellationPolicy).toBeNull();
});

test('an edit of a policy changes nothing for shows that have it, until they are given it again', async () => {
  const policyId = await createPolicy();
  const show = await showIn(48, policyId);
  const { id: bookingId } = await book(show);
  await admin.admin.policies.update({ policyId, version: 1, rules: [], name: 'Never' });
  const refund = async () => (await buyer.bookings.cancellationQuote({ bookingId })).refund.amount;
  expect(await refund()).toBe(4000);
  expect((await givePolicy(show.showId, policyId)).cancellationPolicy).toMatchObject({ name: 'Never', rules: [] });
  expect(await refund()).toBe(4000);
});

test('the terms of a show that nobody has places of are forgotten, and else bounded', async () => {
  const show = await showIn(48, await createPolicy());
  const countTerms = async () =>
    (await office.db.selectFrom('shows').select('refund_terms').where('id', '=', show.showId).executeTakeFirstOrThrow())
      .refund_terms?.length;
  const other = await createPolicy([]);
  await givePolicy(show.showId, other);
  expect(await countTerms()).toBe(1);
  await book(show);
  await givePolicy(show.showId, other);
  expect(await countTerms()).toBe(1);
  for (let n = 0; n < 19; n += 1) await givePolicy(show.showId, n % 2 === 0 ? null : other);
  expect(await countTerms()).toBe(20);
  expect(await outcome(givePolicy(show.showId, other))).toBe('invalid_input');
});
