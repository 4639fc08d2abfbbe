import { shardOf } from '@evently/db/ids';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Actor } from '../context.ts';
import { listViolations } from '../integrity/invariants.ts';
import {
  type Caller,
  createTestOffice,
  createTestShow,
  newKey,
  seated,
  type TestOffice,
  type TestShow,
  tally,
} from '../testing.ts';
import { makeRefunds } from './refund.ts';

let office: TestOffice;
let admin: Caller;
let ada: Actor;
let buyer: Caller;

beforeAll(async () => {
  office = await createTestOffice();
  admin = office.as(await office.actor('admin'));
  ada = await office.actor();
  buyer = office.as(ada);
});
afterAll(() => office[Symbol.asyncDispose]());

const pay = (token: string) => ({ provider: 'sandbox', token });
const newShow = () => createTestShow(admin, [seated(1, 4)], { amounts: [2500] });
const statesOf = async ({ showId }: TestShow) => (await admin.events.seatStates({ showId })).states;
const charges = async (bookingId: string) =>
  await office.db.selectFrom('payments').selectAll().where('booking_id', '=', bookingId).orderBy('id').execute();

async function expectSound({ showId }: TestShow): Promise<void> {
  expect(await listViolations(office.db, { showId, shard: shardOf(showId) })).toEqual([]);
}

async function paid() {
  const show = await newShow();
  const { showId, seatIds } = show;
  const booking = await buyer.bookings.book({
    showId,
    seatIds: seatIds.slice(0, 2),
    idempotencyKey: newKey(),
    payment: pay('pm_ok'),
  });
  return { show, booking };
}

test('refunds of some tickets, then of the rest: the price each time, and the places are on sale again', async () => {
  const { show, booking } = await paid();
  const { id: bookingId } = booking;
  const ticketIds = [booking.tickets[0]!.id];
  expect(await buyer.bookings.cancellationQuote({ bookingId, ticketIds })).toMatchObject({
    refund: { amount: 2500 },
    fee: { amount: 0 },
  });
  const first = await buyer.bookings.cancel({ bookingId, ticketIds });
  expect(first).toMatchObject({
    status: 'confirmed',
    quantity: 1,
    total: { amount: 2500 },
    refund: { amount: 2500, status: 'pending' },
  });
  expect(await buyer.bookings.cancel({ bookingId, ticketIds })).toEqual(first);
  expect(await statesOf(show)).toBe('abaa');
  const rest = await buyer.bookings.cancel({ bookingId });
  expect(rest).toMatchObject({ status: 'cancelled', quantity: 0, total: { amount: 0 }, refund: { amount: 5000 } });
  expect(await statesOf(show)).toBe('aaaa');
  await expectSound(show);
});

test('refunds are made once, however often the job comes', async () => {
  const { booking } = await paid();
  await buyer.bookings.cancel({ bookingId: booking.id });
  const [refund] = (await charges(booking.id)).filter((payment) => payment.kind === 'refund');
  await Promise.all([1, 2, 3].map(() => makeRefunds(office.services, [refund!.id], false)));
  const { rows } = await sql<{ count: number; sum: number }>`
    SELECT count(*)::int, sum(amount)::int FROM sandbox_refunds WHERE charge_id = ${refund!.charge_id}`.execute(
    office.db,
  );
  expect(rows).toEqual([{ count: 1, sum: 5000 }]);
});

test('refunds that the provider refuses fail for good with the last try, and stay visible', async () => {
  const { booking } = await paid();
  await buyer.bookings.cancel({ bookingId: booking.id });
  const [refund] = (await charges(booking.id)).filter((payment) => payment.kind === 'refund');
  const sandbox = office.services.payments.providers.get('sandbox')!;
  const broken = { ...sandbox, refund: () => Promise.reject(new Error('closed')) };
  const services = {
    ...office.services,
    payments: { ...office.services.payments, providers: new Map([['sandbox', broken]]) },
  };
  const statusAfter = async (isLastTry: boolean) => {
    await expect(makeRefunds(services, [refund!.id], isLastTry)).rejects.toThrow('1 refunds');
    return (await buyer.bookings.get({ bookingId: booking.id })).refund?.status;
  };
  expect(await statusAfter(false)).toBe('pending');
  expect(await statusAfter(true)).toBe('failed');
});

test('four cancellations at once: one of them refunds', async () => {
  const { show, booking } = await paid();
  const results = await Promise.allSettled([1, 2, 3, 4].map(() => buyer.bookings.cancel({ bookingId: booking.id })));
  expect(tally(results)).toEqual({ done: 4 });
  expect((await charges(booking.id)).filter((payment) => payment.kind === 'refund')).toHaveLength(1);
  await expectSound(show);
});

test('an admin cancels anybody, with all, or nothing, of the money', async () => {
  const { show, booking } = await paid();
  const kept = await admin.admin.bookings.cancel({ bookingId: booking.id, reason: 'fraud', refund: 'none' });
  expect(kept).toMatchObject({
    status: 'cancelled',
    total: { amount: 5000 },
    refund: { amount: 0, fee: 5000, status: 'succeeded' },
  });
  expect([kept.userId, kept.cancellationReason]).toEqual([ada.userId, 'fraud']);
  const { items } = await admin.admin.bookings.history({ bookingId: booking.id });
  expect(items.map((entry) => [entry.type, entry.actor.split(':')[0]])).toEqual([
    ['paying', 'user'],
    ['confirmed', 'system'],
    ['cancelled', 'admin'],
  ]);
  expect(JSON.stringify(items)).not.toContain('fraud');
  await expectSound(show);
});
