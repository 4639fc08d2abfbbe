import { shardOf } from '@evently/db/ids';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Actor } from '../context.ts';
import { listViolations } from '../integrity/invariants.ts';
import { reconcilePayments } from '../payments/reconcile.ts';
import { makeRefunds } from '../payments/refund.ts';
import {
  type Caller,
  codeOf,
  createTestOffice,
  createTestShow,
  newKey,
  standing,
  type TestOffice,
  type TestShow,
} from '../testing.ts';
import { cancelBookings } from './cancel-bookings.ts';
import { resumeCancellations } from './resume-cancellations.ts';

let office: TestOffice;
let boss: Actor;
let admin: Caller;
let buyers: Caller[];

beforeAll(async () => {
  office = await createTestOffice(20);
  boss = await office.actor('admin');
  admin = office.as(boss);
  buyers = [];
  for (let n = 0; n < 8; n += 1) buyers.push(office.as(await office.actor()));
});
afterAll(() => office[Symbol.asyncDispose]());

const outcome = (call: Promise<unknown>) => call.then(() => 'done', codeOf);
const openShow = (capacity = 50) => createTestShow(admin, [standing(capacity)], { amounts: [1000] });
const wish = ({ showId, sectionIds }: TestShow, quantity = 2) => ({
  showId,
  sections: [{ sectionId: sectionIds[0]!, quantity }],
  idempotencyKey: newKey(),
});
const book = (buyer: Caller, show: TestShow, token = 'pm_ok') =>
  buyer.bookings.book({ ...wish(show), payment: { provider: 'sandbox', token } });
const violations = ({ showId }: TestShow) => listViolations(office.db, { showId, shard: shardOf(showId) });
const progress = ({ showId }: TestShow) => admin.admin.shows.cancellation({ showId });

/** The jobs of a name that name this id, as a worker would find them. */
async function listJobs<T extends object>(name: string, id: string): Promise<T[]> {
  const { rows } = await sql<{ data: T }>`
    SELECT data FROM pgboss.job WHERE name = ${name} AND data::text LIKE ${`%${id}%`}`.execute(office.db);
  return rows.map(({ data }) => data);
}

async function makeAllRefunds({ showId }: TestShow): Promise<void> {
  const refunds = await office.db
    .selectFrom('payments')
    .select('id')
    .where('show_id', '=', showId)
    .where('kind', '=', 'refund')
    .execute();
  for (const { id } of refunds) expect(await listJobs('make-refunds', id)).toHaveLength(1);
  await makeRefunds(
    office.services,
    refunds.map(({ id }) => id),
    false,
  );
}

/** What the provider returned, per charge. */
async function listReturned({ showId }: TestShow): Promise<number[]> {
  const { rows } = await sql<{ amount: number }>`
    SELECT r.amount FROM sandbox_refunds r JOIN payments c ON c.id = r.charge_id AND c.kind = 'charge'
    WHERE c.show_id = ${showId} ORDER BY 1`.execute(office.db);
  return rows.map(({ amount }) => amount);
}

test('a show that is cancelled: sales are returned in full, holds released, a charge under way returned once it settles', async () => {
  const strict = (await admin.admin.policies.create({ name: 'Never', rules: [] })).id;
  const show = await createTestShow(admin, [standing(50)], { amounts: [1000], cancellationPolicyId: strict });
  const { showId } = show;
  const [ada, bob, eve] = buyers as [Caller, Caller, Caller];
  const sold = await book(ada, show);
  const partly = await book(bob, show);
  // One of two before, for nothing: that is as it was.
  await bob.bookings.cancel({ bookingId: partly.id, ticketIds: [partly.tickets[0]!.id] });
  const held = await bob.bookings.hold(wish(show));
  expect(await outcome(book(eve, show, 'pm_lost'))).toBe('unavailable');
  expect(await outcome(progress(show))).toBe('invalid_state');

  expect(await admin.admin.shows.cancel({ showId, reason: 'Storm' })).toMatchObject({ status: 'cancelled' });
  await admin.admin.shows.cancel({ showId, reason: 'Another' });
  expect(await listJobs('cancel-bookings', showId)).toHaveLength(1);
  const begun = { reason: 'Storm', cancelledBy: boss.userId, finishedAt: null, total: 3, cancelled: 0, refunds: 0 };
  expect(await progress(show)).toMatchObject(begun);

  await Promise.all([1, 2, 3].map(() => cancelBookings(office.services, showId)));
  expect(await ada.bookings.get({ bookingId: sold.id })).toMatchObject({
    ...{ status: 'cancelled', cancellationReason: 'Storm', refund: { amount: 2000, fee: 0 } },
  });
  expect(await bob.bookings.get({ bookingId: partly.id })).toMatchObject({
    ...{ status: 'cancelled', refund: { amount: 1000, fee: 1000 } },
  });
  expect((await bob.bookings.get({ bookingId: held.id })).status).toBe('released');
  expect(await progress(show)).toMatchObject({ finishedAt: null, total: 3, cancelled: 2, refunds: 2, refunded: 0 });
  // However many charges are under way, nobody is asked about them again.
  const asked: unknown[] = [];
  const { boxOffice } = office.services;
  const submit: typeof boxOffice.submit = (id, request) => {
    asked.push(request);
    return boxOffice.submit(id, request);
  };
  await cancelBookings({ ...office.services, boxOffice: { ...boxOffice, submit } }, showId);
  expect(asked).toEqual([]);

  await reconcilePayments(office.services);
  const [settled] = (await eve.bookings.list({})).items;
  expect(settled).toMatchObject({ status: 'cancelled', cancellationReason: 'Storm', refund: { amount: 2000 } });
  const { items } = await admin.admin.bookings.history({ bookingId: settled!.id });
  expect(items.map(({ type, actor }) => [type, actor]).slice(1)).toEqual([
    ['confirmed', 'system'],
    ['cancelled', `admin:${boss.userId}`],
  ]);
  await resumeCancellations(office.services);
  await makeAllRefunds(show);
  expect(await listReturned(show)).toEqual([1000, 2000, 2000]);
  const ended = { total: 3, cancelled: 3, refunds: 3, refunded: 3, refundsFailed: 0 };
  expect(await progress(show)).toMatchObject({ ...ended, finishedAt: expect.any(Date) });
  expect(await violations(show)).toEqual([]);
});

test('a cancelled show takes no claims, and confirms and prolongs no hold; its owners may release and cancel', async () => {
  const show = await openShow();
  const [ada, bob] = buyers as [Caller, Caller];
  const { id: bookingId } = await ada.bookings.hold(wish(show));
  const sale = await book(bob, show);
  const late = office.db.updateTable('shows').set({ starts_at: new Date() }).where('id', '=', show.showId);
  await admin.admin.shows.cancel({ showId: show.showId, reason: 'Storm' });
  expect((await admin.events.list({ limit: 100 })).items.map(({ id }) => id)).not.toContain(show.eventId);
  await late.execute();
  const payment = { provider: 'sandbox', token: 'pm_ok' };
  expect(await outcome(ada.bookings.hold(wish(show)))).toBe('not_on_sale');
  expect(await outcome(book(ada, show))).toBe('not_on_sale');
  expect(await outcome(ada.bookings.confirm({ bookingId, payment }))).toBe('invalid_state');
  expect(await outcome(ada.bookings.extend({ bookingId }))).toBe('invalid_state');
  expect((await ada.bookings.release({ bookingId })).status).toBe('released');
  // Whoever does not wait for the job gets everything, too, even after it should have begun.
  expect(await bob.bookings.cancellationQuote({ bookingId: sale.id })).toMatchObject({
    ...{ refund: { amount: 2000 }, rule: 'show_cancelled' },
  });
  expect((await bob.bookings.cancel({ bookingId: sale.id })).refund?.amount).toBe(2000);
  await cancelBookings(office.services, show.showId);
  expect((await progress(show)).finishedAt).not.toBeNull();
  expect(await violations(show)).toEqual([]);
});

test('a charge that fails after the show was cancelled gives the places back', async () => {
  const show = await openShow();
  const [ada] = buyers as [Caller];
  const { id: bookingId } = await ada.bookings.hold(wish(show));
  const paying = ada.bookings.confirm({ bookingId, payment: { provider: 'sandbox', token: 'pm_lost' } });
  expect(await outcome(paying)).toBe('unavailable');
  await admin.admin.shows.cancel({ showId: show.showId, reason: 'Storm' });
  // The provider never heard of it after all.
  await sql`DELETE FROM sandbox_charges WHERE id IN (SELECT id FROM payments WHERE booking_id = ${bookingId})`.execute(
    office.db,
  );
  await sql`UPDATE payments SET created_at = created_at - interval '1 minute' WHERE booking_id = ${bookingId}`.execute(
    office.db,
  );
  await reconcilePayments(office.services);
  expect((await ada.bookings.get({ bookingId })).status).toBe('released');
  expect(await violations(show)).toEqual([]);
});

test('sales that race the cancellation are refused or returned: no ticket lives, every charge went back once', async () => {
  const show = await openShow(400);
  const claims = Array.from({ length: 120 }, (_, n) =>
    outcome(n % 3 === 0 ? buyers[n % 8]!.bookings.hold(wish(show, 1)) : book(buyers[n % 8]!, show)),
  );
  const done = admin.admin.shows.cancel({ showId: show.showId, reason: 'Storm' });
  await done;
  await cancelBookings(office.services, show.showId);
  const outcomes = new Set(await Promise.all(claims));
  for (const code of outcomes) expect(['done', 'not_on_sale', 'limit_exceeded', 'hold_expired']).toContain(code);
  expect(outcomes).toContain('not_on_sale');
  await cancelBookings(office.services, show.showId);
  await makeAllRefunds(show);
  const { total, cancelled, finishedAt, refunds, refunded } = await progress(show);
  expect([total, refunded]).toEqual([cancelled, refunds]);
  expect(finishedAt).not.toBeNull();
  const { rows } = await sql`SELECT FROM sandbox_charges c JOIN payments p ON p.id = c.id
    LEFT JOIN (SELECT charge_id, sum(amount) AS amount FROM sandbox_refunds GROUP BY charge_id) r ON r.charge_id = c.id
    WHERE p.show_id = ${show.showId} AND c.amount IS DISTINCT FROM r.amount`.execute(office.db);
  expect(rows).toEqual([]);
  expect(await violations(show)).toEqual([]);
});

test('a cancelled event cancels all its shows, also those that are being made, and leaves the lists', async () => {
  const show = await openShow();
  const { eventId, venueId, sectionIds } = show;
  const sale = await book(buyers[0]!, show);
  const startsAt = new Date(Date.now() + 86_400_000);
  const endsAt = new Date(startsAt.getTime() + 3_600_000).toISOString();
  const times = { startsAt: startsAt.toISOString(), endsAt };
  const prices = [{ sectionId: sectionIds[0]!, amount: 1000 }];
  const made = Array.from({ length: 6 }, () =>
    outcome(admin.admin.shows.create({ eventId, venueId, ...times, currency: 'EUR', prices })),
  );
  const cancelled = await admin.admin.events.cancel({ eventId, reason: 'Storm' });
  expect(cancelled.status).toBe('cancelled');
  for (const code of await Promise.all(made)) expect(['done', 'invalid_state']).toContain(code);
  const { shows } = await admin.admin.events.get({ eventId });
  expect(new Set(shows.map(({ status }) => status))).toEqual(new Set(['cancelled']));
  expect((await admin.admin.events.cancel({ eventId, reason: 'Another' })).version).toBe(cancelled.version);
  expect((await admin.events.list({ limit: 100 })).items.map(({ id }) => id)).not.toContain(eventId);
  await resumeCancellations(office.services);
  await resumeCancellations(office.services);
  expect((await buyers[0]!.bookings.get({ bookingId: sale.id })).cancellationReason).toBe('Storm');
  expect(await admin.admin.events.cancellation({ eventId })).toMatchObject({
    ...{ reason: 'Storm', cancelledBy: boss.userId, total: 1, cancelled: 1, refunds: 1, finishedAt: expect.any(Date) },
  });
});

test('a process that died after it cancelled the event: the next one cancels its shows, and nothing is sold until then', async () => {
  const show = await openShow();
  const { eventId } = show;
  const sale = await book(buyers[0]!, show);
  const why = { cancelled_at: new Date(), cancelled_by: boss.userId, cancellation_reason: 'Storm' };
  await office.db
    .updateTable('events')
    .set({ status: 'cancelled', ...why })
    .where('id', '=', eventId)
    .execute();
  expect(await outcome(book(buyers[1]!, show))).toBe('not_on_sale');
  expect(await outcome(buyers[1]!.bookings.hold(wish(show)))).toBe('not_on_sale');
  await resumeCancellations(office.services);
  expect((await admin.events.show({ showId: show.showId })).status).toBe('cancelled');
  expect((await buyers[0]!.bookings.get({ bookingId: sale.id })).status).toBe('cancelled');
});

test('a draft is not cancelled, and what is not there neither', async () => {
  const { id: eventId } = await admin.admin.events.create({ name: 'Draft', description: '-', category: 'talk' });
  expect(await outcome(admin.admin.events.cancel({ eventId, reason: 'Storm' }))).toBe('invalid_state');
  expect(await outcome(admin.admin.events.cancellation({ eventId }))).toBe('invalid_state');
  for (const missing of [newKey()]) {
    expect(await outcome(admin.admin.events.cancel({ eventId: missing, reason: 'Storm' }))).toBe('not_found');
    expect(await outcome(admin.admin.shows.cancel({ showId: missing, reason: 'Storm' }))).toBe('not_found');
    expect(await outcome(admin.admin.shows.cancellation({ showId: missing }))).toBe('not_found');
  }
});

test('more bookings than a batch takes are cancelled batch by batch', async () => {
  const show = await openShow(500);
  const sales = Array.from({ length: 230 }, (_, n) =>
    buyers[n % 8]!.bookings.book({ ...wish(show, 1), payment: { provider: 'sandbox', token: 'pm_ok' } }),
  );
  await Promise.all(sales.map(outcome));
  const sold = (await admin.events.show({ showId: show.showId })).sections[0]!;
  expect(sold.capacity - sold.available).toBeGreaterThan(200);
  const { version } = await admin.admin.shows.cancel({ showId: show.showId, reason: 'Storm' });
  const versionOf = async () =>
    (
      await office.db
        .selectFrom('show_inventory')
        .select('version')
        .where('show_id', '=', show.showId)
        .executeTakeFirstOrThrow()
    ).version;
  const before = await versionOf();
  await cancelBookings(office.services, show.showId);
  expect((await versionOf()) - before).toBe(Math.ceil((sold.capacity - sold.available) / 100));
  expect((await admin.events.show({ showId: show.showId })).version).toBe(version);
  expect(await violations(show)).toEqual([]);
});
