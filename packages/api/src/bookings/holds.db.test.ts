import { shardOf } from '@evently/db/ids';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Services } from '../context.ts';
import { listViolations } from '../integrity/invariants.ts';
import {
  type Caller,
  codeOf,
  createTestOffice,
  createTestShow,
  newKey,
  seated,
  standing,
  type TestOffice,
  type TestShow,
  tally,
} from '../testing.ts';
import { sweepHolds } from './sweep-holds.ts';

let office: TestOffice;
let offices: Services[];
let admin: Caller;
let ada: Caller;
let grace: Caller;

beforeAll(async () => {
  office = await createTestOffice(20);
  offices = [office.services, await office.open()];
  admin = office.as(await office.actor('admin'));
  ada = office.as(await office.actor());
  grace = office.as(await office.actor());
});
afterAll(() => office[Symbol.asyncDispose]());

const codeFrom = async (work: Promise<unknown>) => work.then(() => 'done', codeOf);
const statesOf = async ({ showId }: TestShow) => (await admin.events.seatStates({ showId })).states;
const hold = ({ showId }: TestShow, seatIds: string[], of = ada) =>
  of.bookings.hold({ showId, seatIds, idempotencyKey: newKey() });

/** Lets the holds of a show be as old as they would be after an hour, history included. */
async function letAnHourPass({ showId }: TestShow): Promise<void> {
  await sql`UPDATE bookings SET expires_at = expires_at - interval '1 hour', created_at = created_at - interval '1 hour'
    WHERE show_id = ${showId} AND status = 'held'`.execute(office.db);
}

/** All but the deadlines, which these tests move by hand and histories know better. */
async function expectSound({ showId }: TestShow): Promise<void> {
  const found = await listViolations(office.db, { showId, shard: shardOf(showId) });
  expect(found.filter((line) => !line.includes('expiresAt'))).toEqual([]);
}

test('the seat of an overdue hold is sold to whoever asks, in the very batch that ends the hold', async () => {
  const show = await createTestShow(admin, [seated(1, 2)]);
  const [seat] = show.seatIds;
  const held = await hold(show, [seat!]);
  expect(await codeFrom(hold(show, [seat!], grace))).toBe('seat_taken');
  await letAnHourPass(show);
  const booked = await grace.bookings.book({ showId: show.showId, seatIds: [seat!], idempotencyKey: newKey() });
  expect(booked.status).toBe('confirmed');
  expect(await codeFrom(ada.bookings.confirm({ bookingId: held.id }))).toBe('hold_expired');
  expect(await codeFrom(ada.bookings.release({ bookingId: held.id }))).toBe('hold_expired');
  expect((await ada.bookings.get({ bookingId: held.id })).tickets[0]!.status).toBe('void');
  expect(await statesOf(show)).toBe('ba');
  await expectSound(show);
});

test('the sweep ends holds that nobody asks about, of every show, and leaves those that still have time', async () => {
  const shows = await Promise.all([1, 2, 3].map(() => createTestShow(admin, [seated(1, 2), standing(5)])));
  for (const show of shows) await hold(show, [show.seatIds[0]!]);
  const [first, second, third] = shows as [TestShow, TestShow, TestShow];
  await letAnHourPass(first);
  await letAnHourPass(second);
  await sweepHolds(office.services);
  expect(await Promise.all([first, second, third].map(statesOf))).toEqual(['aa', 'aa', 'ha']);
  await sweepHolds(office.services);
  for (const show of shows) await expectSound(show);
});

test('more overdue holds than one batch ends are ended by one sweep', async () => {
  const show = await createTestShow(admin, [standing(450)]);
  const sections = [{ sectionId: show.sectionIds[0]!, quantity: 1 }];
  const holders = await Promise.all(Array.from({ length: 45 }, () => office.actor()));
  await Promise.all(
    Array.from({ length: 450 }, (_, n) =>
      office.as(holders[n % 45]!).bookings.hold({ showId: show.showId, sections, idempotencyKey: newKey() }),
    ),
  );
  const available = async () => (await admin.events.show({ showId: show.showId })).sections[0]!.available;
  expect(await available()).toBe(0);
  await letAnHourPass(show);
  await sweepHolds(office.services);
  expect(await available()).toBe(450);
  await expectSound(show);
});

test('confirm, release, extend and expiry of one hold at the same moment: one outcome, and the places follow', async () => {
  const owner = await office.actor();
  for (let round = 0; round < 8; round += 1) {
    const show = await createTestShow(admin, [seated(1, 2)], { holdSeconds: 100 });
    const { id: bookingId } = await hold(show, show.seatIds, office.as(owner));
    const due = new Date(Date.now() + 15);
    await office.db.updateTable('bookings').set({ expires_at: due }).where('id', '=', bookingId).execute();
    const rivals = Array.from({ length: 16 }, async (_, n) => {
      const services = offices[n % 2]!;
      const { bookings } = office.as(owner, services);
      await new Promise((resolve) => setTimeout(resolve, 5 + round * 2));
      if (n % 8 < 2) return sweepHolds(services);
      return bookings[n % 8 < 4 ? 'confirm' : n % 8 < 6 ? 'release' : 'extend']({ bookingId });
    });
    const outcomes = Object.keys(tally(await Promise.allSettled(rivals)));
    expect(outcomes.filter((code) => !['done', 'invalid_state', 'hold_expired'].includes(code))).toEqual([]);
    await sweepHolds(office.services);
    const { status } = await office.as(owner).bookings.get({ bookingId });
    expect(['confirmed', 'released', 'expired']).toContain(status);
    expect(await statesOf(show)).toBe(status === 'confirmed' ? 'bb' : 'aa');
    await expectSound(show);
  }
});

test('the seat of an overdue hold is free, however many older ones are overdue, too', async () => {
  const show = await createTestShow(admin, [standing(240), seated(1, 1)]);
  const { showId, sectionIds, seatIds } = show;
  const sections = [{ sectionId: sectionIds[0]!, quantity: 1 }];
  const holders = await Promise.all(Array.from({ length: 24 }, () => office.actor()));
  await Promise.all(
    Array.from({ length: 240 }, (_, n) =>
      office.as(holders[n % 24]!).bookings.hold({ showId, sections, idempotencyKey: newKey() }),
    ),
  );
  const newest = await hold(show, seatIds);
  await letAnHourPass(show);
  // One batch ends the 200 oldest; this one is not among them, and still in nobody's way.
  await sql`UPDATE bookings SET expires_at = expires_at - interval '1 hour'
    WHERE show_id = ${showId} AND status = 'held' AND id <> ${newest.id}`.execute(office.db);
  const booked = await grace.bookings.book({ showId, seatIds, idempotencyKey: newKey() });
  expect(booked.status).toBe('confirmed');
  await sweepHolds(office.services);
  await expectSound(show);
});

test('what one user holds unpaid never exceeds the limit, over any number of requests', async () => {
  const show = await createTestShow(admin, [standing(50)], { maxPerBooking: 4 });
  const sections = (quantity: number) => [{ sectionId: show.sectionIds[0]!, quantity }];
  const ask = (quantity: number) =>
    ada.bookings.hold({ showId: show.showId, sections: sections(quantity), idempotencyKey: newKey() });
  const first = await ask(3);
  expect(await codeFrom(ask(2))).toBe('limit_exceeded');
  expect(await codeFrom(ask(1))).toBe('done');
  await ada.bookings.confirm({ bookingId: first.id });
  expect(await codeFrom(ask(3))).toBe('done');
  expect(await codeFrom(ask(1))).toBe('limit_exceeded');
  await letAnHourPass(show);
  expect(await codeFrom(ask(4))).toBe('done');
});

test('a hold is prolonged once, to twice its length, however often one asks', async () => {
  const show = await createTestShow(admin, [seated(1, 1)], { holdSeconds: 100 });
  const held = await hold(show, show.seatIds);
  const extended = await ada.bookings.extend({ bookingId: held.id });
  expect(extended.expiresAt!.getTime() - held.createdAt.getTime()).toBe(200_000);
  expect(await ada.bookings.extend({ bookingId: held.id })).toEqual(extended);
  await expectSound(show);
});

test('a key answers its hold again, also after it ended; with another request it is refused', async () => {
  const show = await createTestShow(admin, [seated(1, 2)]);
  const { showId, seatIds } = show;
  const request = { showId, seatIds: [seatIds[0]!], idempotencyKey: newKey() };
  const held = await ada.bookings.hold(request);
  expect(await ada.bookings.hold(request)).toEqual(held);
  expect(await codeFrom(ada.bookings.book(request))).toBe('idempotency_mismatch');
  expect(await codeFrom(ada.bookings.hold({ ...request, seatIds: [seatIds[1]!] }))).toBe('idempotency_mismatch');
  await ada.bookings.release({ bookingId: held.id });
  expect(await ada.bookings.hold(request)).toMatchObject({ id: held.id, status: 'released' });
  expect(await grace.bookings.hold(request)).toMatchObject({ status: 'held' });
});

test('best seats are given where only a section is named, side by side', async () => {
  const show = await createTestShow(admin, [seated(2, 4)]);
  const { showId, seatIds } = show;
  await ada.bookings.book({ showId, seatIds: [seatIds[1]!], idempotencyKey: newKey() });
  const sections = [{ sectionId: show.sectionIds[0]!, quantity: 3 }];
  const booking = await ada.bookings.book({ showId, sections, idempotencyKey: newKey() });
  expect(booking.tickets.map((ticket) => ticket.label)).toEqual([
    'Stalls, row 2, seat 1',
    'Stalls, row 2, seat 2',
    'Stalls, row 2, seat 3',
  ]);
});

test('capacity follows what the organiser says, never below what is taken', async () => {
  const show = await createTestShow(admin, [standing(10), seated(1, 3)]);
  const { showId, sectionIds } = show;
  const [floor, stalls] = sectionIds as [string, string];
  await ada.bookings.hold({ showId, sections: [{ sectionId: floor, quantity: 2 }], idempotencyKey: newKey() });
  await ada.bookings.book({ showId, sections: [{ sectionId: floor, quantity: 4 }], idempotencyKey: newKey() });
  const set = (sectionId: string, capacity: number) => admin.admin.shows.setCapacity({ showId, sectionId, capacity });
  expect(await codeFrom(set(floor, 5))).toBe('capacity_below_sold');
  expect((await set(floor, 6)).sections[0]).toMatchObject({ capacity: 6, available: 0 });
  expect((await set(floor, 5000)).sections[0]).toMatchObject({ capacity: 5000, available: 4994 });
  expect(await codeFrom(set(stalls, 4))).toBe('invalid_input');
  expect((await set(stalls, 1)).sections[1]).toMatchObject({ available: 1 });
  await expectSound(show);
});
