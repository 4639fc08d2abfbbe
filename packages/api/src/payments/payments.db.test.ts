import { newId, shardOf } from '@evently/db/ids';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sweepHolds } from '../bookings/sweep-holds.ts';
import type { Actor } from '../context.ts';
import { listViolations } from '../integrity/invariants.ts';
import {
  type Caller,
  codeOf,
  createTestOffice,
  createTestShow,
  newKey,
  seated,
  type TestOffice,
  type TestShow,
  tally,
} from '../testing.ts';
import { openChargeOf } from './collect.ts';
import { reconcilePayments } from './reconcile.ts';
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
const codeFrom = async (work: Promise<unknown>) => work.then(() => 'done', codeOf);
const newShow = (options: Parameters<typeof createTestShow>[2] = {}) =>
  createTestShow(admin, [seated(1, 4)], { amounts: [2500], ...options });
const holdFirst = ({ showId, seatIds }: TestShow, of = buyer) =>
  of.bookings.hold({ showId, seatIds: [seatIds[0]!], idempotencyKey: newKey() });
const statesOf = async ({ showId }: TestShow) => (await admin.events.seatStates({ showId })).states;
const charges = async (bookingId: string) =>
  await office.db.selectFrom('payments').selectAll().where('booking_id', '=', bookingId).orderBy('id').execute();

async function expectSound({ showId }: TestShow): Promise<void> {
  expect(await listViolations(office.db, { showId, shard: shardOf(showId) })).toEqual([]);
}

/** Starts paying and stops there, as a process does that dies between the two halves. */
async function startPaying(show: TestShow, bookingId: string): Promise<{ paymentId: string; amount: number }> {
  const paymentId = newId(shardOf(bookingId));
  const charge = { paymentId, provider: 'sandbox' };
  const answer = await office.services.boxOffice.submit(show.showId, {
    kind: 'confirm',
    bookingId,
    userId: ada.userId,
    charge,
  });
  if (!('booking' in answer)) throw new Error(JSON.stringify(answer));
  const open = openChargeOf(answer.booking);
  expect([answer.booking.status, open?.id]).toEqual(['paying', paymentId]);
  return { paymentId, amount: open!.amount };
}

const chargeNow = ({ paymentId: id, amount }: { paymentId: string; amount: number }) =>
  office.services.payments.providers
    .get('sandbox')!
    .charge({ id, amount, currency: 'EUR', token: 'pm_ok' }, AbortSignal.timeout(5000));

/** Reconciliation, as it runs when every charge that is open has been for longer than it can take. */
const reconcileLater = () => reconcilePayments({ ...office.services, now: () => new Date(Date.now() + 60_000) });

test('a declined payment leaves the hold, an accepted one makes it a sale, and a second confirm changes nothing', async () => {
  const show = await newShow();
  const { id: bookingId } = await holdFirst(show);
  expect(await codeFrom(buyer.bookings.confirm({ bookingId }))).toBe('payment_declined');
  expect(await codeFrom(buyer.bookings.confirm({ bookingId, payment: pay('pm_declined') }))).toBe('payment_declined');
  expect((await buyer.bookings.get({ bookingId })).status).toBe('held');
  const confirmed = await buyer.bookings.confirm({ bookingId, payment: pay('pm_ok') });
  expect(confirmed).toMatchObject({ status: 'confirmed', total: { amount: 2500 }, expiresAt: null });
  expect(await buyer.bookings.confirm({ bookingId, payment: pay('pm_ok') })).toEqual(confirmed);
  expect((await charges(bookingId)).map((charge) => charge.status)).toEqual(['failed', 'succeeded']);
  await expectSound(show);
});

test('a provider that does not answer leaves the hold', async () => {
  const show = await newShow();
  const { id: bookingId } = await holdFirst(show);
  expect(await codeFrom(buyer.bookings.confirm({ bookingId, payment: pay('pm_down') }))).toBe('unavailable');
  expect((await buyer.bookings.get({ bookingId })).status).toBe('held');
  expect(await codeFrom(buyer.bookings.confirm({ bookingId, payment: { provider: 'none', token: 'x' } }))).toBe(
    'invalid_input',
  );
});

describe('a booking in one call', () => {
  test.each(['pm_declined', 'pm_down'])('%s gives the places back, and the key may be used again', async (token) => {
    const show = await newShow();
    const request = { showId: show.showId, seatIds: [show.seatIds[0]!], idempotencyKey: newKey() };
    const refused = token === 'pm_down' ? 'unavailable' : 'payment_declined';
    expect(await codeFrom(buyer.bookings.book({ ...request, payment: pay(token) }))).toBe(refused);
    expect(await statesOf(show)).toBe('aaaa');
    const booking = await buyer.bookings.book({ ...request, payment: pay('pm_ok') });
    expect(booking).toMatchObject({ status: 'confirmed', quantity: 1, total: { amount: 2500 } });
    expect(await buyer.bookings.book({ ...request, payment: pay('pm_ok') })).toEqual(booking);
    await expectSound(show);
  });

  test('without a payment, what costs something is refused and nothing is taken', async () => {
    const show = await newShow();
    const request = { showId: show.showId, seatIds: [show.seatIds[0]!], idempotencyKey: newKey() };
    expect(await codeFrom(buyer.bookings.book(request))).toBe('payment_declined');
    expect(await statesOf(show)).toBe('aaaa');
  });

  test('whose reply was lost is confirmed by the same request, and charged once', async () => {
    const show = await newShow();
    const payment = pay('pm_lost');
    const request = { showId: show.showId, seatIds: [show.seatIds[0]!], idempotencyKey: newKey(), payment };
    expect(await codeFrom(buyer.bookings.book(request))).toBe('unavailable');
    expect(await statesOf(show)).toBe('haaa');
    const booking = await buyer.bookings.book(request);
    expect(booking.status).toBe('confirmed');
    expect(await charges(booking.id)).toHaveLength(1);
    await expectSound(show);
  });
});

test('a lost reply leaves the booking paying, which nobody may end, until reconciliation confirms it', async () => {
  const show = await newShow({ holdSeconds: 1 });
  const { id: bookingId } = await holdFirst(show);
  expect(await codeFrom(buyer.bookings.confirm({ bookingId, payment: pay('pm_lost') }))).toBe('unavailable');
  for (const verb of ['release', 'extend', 'cancel'] as const) {
    expect(await codeFrom(buyer.bookings[verb]({ bookingId }))).toBe('invalid_state');
  }
  await office.db
    .updateTable('bookings')
    .set({ expires_at: new Date(0) })
    .where('id', '=', bookingId)
    .execute();
  await sweepHolds(office.services);
  expect((await buyer.bookings.get({ bookingId })).status).toBe('paying');
  await reconcilePayments(office.services);
  expect((await buyer.bookings.get({ bookingId })).status).toBe('confirmed');
  await expectSound(show);
});

test('two confirms at once charge once, and both get the booking', async () => {
  const show = await newShow();
  const { id: bookingId } = await holdFirst(show);
  const confirm = () => buyer.bookings.confirm({ bookingId, payment: pay('pm_slow') });
  const [one, two] = await Promise.all([confirm(), confirm()]);
  expect(one).toEqual(two);
  expect(one.status).toBe('confirmed');
  expect(await charges(bookingId)).toHaveLength(1);
});

describe('a process that dies between the two halves', () => {
  test('after the charge: reconciliation confirms the booking', async () => {
    const show = await newShow();
    const { id: bookingId } = await holdFirst(show);
    await chargeNow(await startPaying(show, bookingId));
    await reconcilePayments(office.services);
    expect((await buyer.bookings.get({ bookingId })).status).toBe('paying');
    await reconcileLater();
    expect((await buyer.bookings.get({ bookingId })).status).toBe('confirmed');
    await expectSound(show);
  });

  test('before the charge: the booking is a hold again, and may be paid', async () => {
    const show = await newShow();
    const { id: bookingId } = await holdFirst(show);
    await startPaying(show, bookingId);
    await reconcileLater();
    expect((await buyer.bookings.get({ bookingId })).status).toBe('held');
    expect((await buyer.bookings.confirm({ bookingId, payment: pay('pm_ok') })).status).toBe('confirmed');
    await expectSound(show);
  });
});

describe('money that comes too late', () => {
  /** A booking whose charge was given up and whose hold has ended; then the charge succeeds after all. */
  async function giveUp(show: TestShow) {
    const { id: bookingId } = await holdFirst(show);
    const started = await startPaying(show, bookingId);
    await office.db
      .updateTable('bookings')
      .set({ expires_at: new Date(0) })
      .where('id', '=', bookingId)
      .execute();
    await reconcileLater();
    expect((await buyer.bookings.get({ bookingId })).status).toBe('expired');
    return { bookingId, ...started };
  }
  const succeed = async (show: TestShow, late: { bookingId: string; paymentId: string; amount: number }) => {
    await chargeNow(late);
    const { bookingId, paymentId } = late;
    const rest = { ticketIds: [newId(shardOf(bookingId))], refundId: newId(shardOf(bookingId)) };
    await office.services.boxOffice.submit(show.showId, {
      kind: 'finish-payment',
      bookingId,
      paymentId,
      outcome: 'succeeded',
      ...rest,
    });
    // I8 compares deadlines; the one that this test changed by hand is gone with the hold.
    return await buyer.bookings.get({ bookingId });
  };

  test('takes the places again where they are still free', async () => {
    const show = await newShow();
    const late = await giveUp(show);
    const booking = await succeed(show, late);
    expect(booking).toMatchObject({ status: 'confirmed', quantity: 1, total: { amount: 2500 } });
    expect(booking.tickets.map((ticket) => ticket.status).sort()).toEqual(['valid', 'void']);
    expect(await statesOf(show)).toBe('baaa');
    await expectSound(show);
  });

  test('goes back where somebody else has them', async () => {
    const show = await newShow();
    const late = await giveUp(show);
    const other = office.as(await office.actor());
    await other.bookings.book({
      showId: show.showId,
      seatIds: [show.seatIds[0]!],
      idempotencyKey: newKey(),
      payment: pay('pm_ok'),
    });
    expect(await succeed(show, late)).toMatchObject({
      status: 'expired',
      refund: { amount: 2500, fee: 0, status: 'pending' },
    });
    const [refund] = (await charges(late.bookingId)).filter((payment) => payment.kind === 'refund');
    await makeRefunds(office.services, [refund!.id], false);
    expect((await buyer.bookings.get({ bookingId: late.bookingId })).refund?.status).toBe('succeeded');
    await expectSound(show);
  });
});

describe('refunds', () => {
  async function cancelled() {
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

  test('of some tickets, then of the rest: the price each time, and the places are on sale again', async () => {
    const { show, booking } = await cancelled();
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

  test('are made once, however often the job comes', async () => {
    const { booking } = await cancelled();
    await buyer.bookings.cancel({ bookingId: booking.id });
    const [refund] = (await charges(booking.id)).filter((payment) => payment.kind === 'refund');
    await Promise.all([1, 2, 3].map(() => makeRefunds(office.services, [refund!.id], false)));
    const { rows } = await sql<{ count: number; sum: number }>`
      SELECT count(*)::int, sum(amount)::int FROM sandbox_refunds WHERE charge_id = ${refund!.charge_id}`.execute(
      office.db,
    );
    expect(rows).toEqual([{ count: 1, sum: 5000 }]);
  });

  test('that the provider refuses fail for good with the last try, and stay visible', async () => {
    const { booking } = await cancelled();
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
    const { show, booking } = await cancelled();
    const results = await Promise.allSettled([1, 2, 3, 4].map(() => buyer.bookings.cancel({ bookingId: booking.id })));
    expect(tally(results)).toEqual({ done: 4 });
    expect((await charges(booking.id)).filter((payment) => payment.kind === 'refund')).toHaveLength(1);
    await expectSound(show);
  });

  test('an admin cancels anybody, with all, or nothing, of the money', async () => {
    const { show, booking } = await cancelled();
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
});
