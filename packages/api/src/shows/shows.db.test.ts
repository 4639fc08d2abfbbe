import { newId, shardOf } from '@evently/db/ids';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listViolations } from '../integrity/invariants.ts';
import type { Problem } from '../problem.ts';
import {
  type Caller,
  codeOf,
  createTestOffice,
  createTestShow,
  newKey,
  seated,
  standing,
  type TestOffice,
  tally,
} from '../testing.ts';

let office: TestOffice;
let admin: Caller;

beforeAll(async () => {
  office = await createTestOffice();
  admin = office.as(await office.actor('admin'));
});
afterAll(() => office[Symbol.asyncDispose]());

/** What became of a call: `done`, the fields that were refused, or the problem's code. */
async function outcome(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => null,
    (cause: unknown) => cause,
  );
  if (error === null) return 'done';
  const { cause } = error as { cause?: { problem?: Problem; issues?: { path: PropertyKey[] }[] } };
  if (cause?.problem?.code === 'invalid_input') return cause.problem.issues.map(({ path }) => path).join();
  // In this process zod's own error comes through; the door turns it into the same problem.
  if (cause?.issues) return cause.issues.map(({ path }) => path.join('.')).join();
  return codeOf(error);
}

const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();

describe('a show is refused, and the field that is wrong is named:', () => {
  type ShowInput = Parameters<Caller['admin']['shows']['create']>[0];
  let venueId: string;
  let eventId: string;
  let stalls: string;
  let floor: string;
  let foreign: string;

  beforeAll(async () => {
    const made = await createTestShow(admin, [seated(1, 3), standing(5)]);
    const other = await createTestShow(admin, [standing(5)]);
    ({ venueId, eventId } = made);
    [stalls = '', floor = ''] = made.sectionIds;
    foreign = other.sectionIds[0]!;
  });

  const create = (change: Partial<ShowInput>) =>
    admin.admin.shows.create({
      eventId,
      venueId,
      startsAt: inDays(10),
      endsAt: inDays(11),
      currency: 'EUR',
      prices: [{ sectionId: floor, amount: 0 }],
      ...change,
    });

  test.each<[what: string, change: () => Partial<ShowInput>, refused: string]>([
    ['nothing wrong', () => ({}), 'done'],
    ['it ends when it starts', () => ({ endsAt: inDays(10), startsAt: inDays(10) }), 'endsAt'],
    ['it is over', () => ({ startsAt: inDays(-2), endsAt: inDays(-1) }), 'endsAt'],
    ['it has begun, but is not over', () => ({ startsAt: inDays(-1), endsAt: inDays(1) }), 'done'],
    ['sales open when it starts', () => ({ salesOpenAt: inDays(10.5) }), 'salesOpenAt'],
    ['sales open when they close', () => ({ salesOpenAt: inDays(3), salesCloseAt: inDays(2) }), 'salesOpenAt'],
    ['sales close after its end', () => ({ salesCloseAt: inDays(12) }), 'salesCloseAt'],
    ['sales close while it runs', () => ({ salesCloseAt: inDays(10.5) }), 'done'],
    [
      'a section of another venue',
      () => ({
        prices: [
          { sectionId: floor, amount: 0 },
          { sectionId: foreign, amount: 0 },
        ],
      }),
      'prices.1.sectionId',
    ],
    [
      'a section named twice',
      () => ({
        prices: [
          { sectionId: floor, amount: 0 },
          { sectionId: floor, amount: 1 },
        ],
      }),
      'prices.1.sectionId',
    ],
    [
      'more places than seats',
      () => ({ prices: [{ sectionId: stalls, amount: 0, capacity: 4 }] }),
      'prices.0.capacity',
    ],
    ['fewer places than seats', () => ({ prices: [{ sectionId: stalls, amount: 0, capacity: 2 }] }), 'done'],
    ['more places than the floor had', () => ({ prices: [{ sectionId: floor, amount: 0, capacity: 6 }] }), 'done'],
    ['an event that does not exist', () => ({ eventId: newId() }), 'not_found'],
    ['a venue that does not exist', () => ({ venueId: newId() }), 'not_found'],
  ])('%s', async (_what, change, refused) => {
    expect(await outcome(create(change()))).toBe(refused);
  });
});

test('a show sells what its event sold for: its shard is the event’s, its sales open with the event and close at its start', async () => {
  const { showId, eventId } = await createTestShow(admin, [standing(5)]);
  const show = await office.as(null).events.show({ showId });
  const { publishedAt } = await office.as(null).events.get({ eventId });
  expect(shardOf(showId)).toBe(shardOf(eventId));
  expect(show).toMatchObject({
    salesOpenAt: publishedAt,
    salesCloseAt: show.startsAt,
    maxPerBooking: 10,
    holdSeconds: 600,
  });
});

describe('a show that is edited', () => {
  test('keeps what is held and sold at the old price; who buys from now on pays the new one', async () => {
    const show = await createTestShow(admin, [standing(5)], { amounts: [1000], collectAtDoor: true });
    const [sectionId] = show.sectionIds;
    const buyer = office.as(await office.actor());
    const claim = () => ({
      showId: show.showId,
      sections: [{ sectionId: sectionId!, quantity: 1 }],
      idempotencyKey: newKey(),
    });
    const held = await buyer.bookings.hold(claim());
    const sold = await buyer.bookings.book(claim());
    const { version } = await buyer.events.seatStates({ showId: show.showId });
    const prices = [{ sectionId: sectionId!, amount: 3000 }];
    const edited = await admin.admin.shows.update({ showId: show.showId, version: 1, prices, holdSeconds: 60 });
    expect(edited).toMatchObject({
      version: 2,
      holdSeconds: 60,
      maxPerBooking: 10,
      sections: [{ price: { amount: 3000, currency: 'EUR' }, capacity: 5, available: 3 }],
    });
    // Who caches the states sees that something changed.
    expect((await buyer.events.seatStates({ showId: show.showId })).version).toBeGreaterThan(version);
    expect(await buyer.bookings.get({ bookingId: sold.id })).toEqual(sold);
    expect((await buyer.bookings.confirm({ bookingId: held.id })).total.amount).toBe(1000);
    const later = await buyer.bookings.hold(claim());
    expect(later.total.amount).toBe(3000);
    expect(later.expiresAt!.getTime() - later.createdAt.getTime()).toBe(60_000);
    expect(await listViolations(office.db, { showId: show.showId, shard: shardOf(show.showId) })).toEqual([]);
  });

  test('while twenty buy: everybody pays one of the two prices, whole, and no count is lost', async () => {
    const show = await createTestShow(admin, [standing(100), seated(1, 20)], { amounts: [1, 10], collectAtDoor: true });
    const { showId, sectionIds, seatIds } = show;
    const buyer = office.as(await office.actor());
    const buy = (n: number) =>
      buyer.bookings.book({
        showId,
        seatIds: [seatIds[n]!],
        sections: [{ sectionId: sectionIds[0]!, quantity: 1 }],
        idempotencyKey: newKey(),
      });
    const prices = sectionIds.map((sectionId, n) => ({ sectionId, amount: n === 0 ? 200 : 2000 }));
    const bookings = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        if (n === 10) await admin.admin.shows.update({ showId, version: 1, prices });
        return await buy(n);
      }),
    );
    const totals = bookings.map(({ total }) => total.amount);
    expect(totals.filter((total) => total !== 11 && total !== 2200)).toEqual([]);
    expect(totals[10]).toBe(2200);
    expect((await office.as(null).events.show({ showId })).sections).toMatchObject([
      { available: 80 },
      { available: 0 },
    ]);
    expect(await listViolations(office.db, { showId, shard: shardOf(showId) })).toEqual([]);
  });

  test('by ten at once with one version: exactly one edit is done', async () => {
    const { showId } = await createTestShow(admin, [standing(5)]);
    const edit = (maxPerBooking: number) => admin.admin.shows.update({ showId, version: 1, maxPerBooking });
    const results = await Promise.allSettled(Array.from({ length: 10 }, (_, n) => edit(50 + n)));
    expect(tally(results)).toEqual({ done: 1, version_conflict: 9 });
    const winner = results.findIndex(({ status }) => status === 'fulfilled');
    expect(await office.as(null).events.show({ showId })).toMatchObject({ maxPerBooking: 50 + winner, version: 2 });
  });

  test('against itself is refused by name, and then nothing of the edit is done', async () => {
    const { showId, sectionIds } = await createTestShow(admin, [standing(5)], {
      startsAt: inDays(10),
      endsAt: inDays(11),
      salesOpenAt: inDays(5),
      salesCloseAt: inDays(9),
    });
    const before = await admin.events.show({ showId });
    const edit = (change: object) => outcome(admin.admin.shows.update({ showId, version: 1, ...change }));
    expect(await edit({ startsAt: inDays(12) })).toBe('endsAt');
    expect(await edit({ salesOpenAt: inDays(9.5) })).toBe('salesOpenAt');
    expect(await edit({ salesCloseAt: inDays(4) })).toBe('salesOpenAt');
    expect(await edit({ startsAt: inDays(7), endsAt: inDays(8) })).toBe('salesCloseAt');
    const prices = [sectionIds[0]!, newId()].map((sectionId) => ({ sectionId, amount: 7 }));
    expect(await edit({ prices, maxPerBooking: 3 })).toBe('prices.1.sectionId');
    expect(await admin.events.show({ showId })).toEqual(before);
    expect(await edit({ salesOpenAt: null, salesCloseAt: null })).toBe('done');
    const after = await admin.events.show({ showId });
    expect(after.salesCloseAt).toEqual(after.startsAt);
    expect(after.salesOpenAt!.getTime()).toBeLessThan(before.salesOpenAt!.getTime());
  });

  test('after it was cancelled, or that does not exist, is refused', async () => {
    const { showId } = await createTestShow(admin, [standing(5)]);
    await office.db.updateTable('shows').set({ status: 'cancelled' }).where('id', '=', showId).execute();
    expect(await outcome(admin.admin.shows.update({ showId, version: 1 }))).toBe('invalid_state');
    expect(await outcome(admin.admin.shows.update({ showId: newId(), version: 1 }))).toBe('not_found');
  });
});

test('seats kept back are on no sale, count as taken, and come back when asked; a seat somebody has is not kept back', async () => {
  const show = await createTestShow(admin, [seated(1, 4)]);
  const { showId } = show;
  const [one, two, three, four] = show.seatIds as [string, string, string, string];
  const buyer = office.as(await office.actor());
  const { blockSeats, unblockSeats } = admin.admin.shows;
  const book = (seatId: string) =>
    outcome(buyer.bookings.book({ showId, seatIds: [seatId], idempotencyKey: newKey() }));
  const look = async () => {
    const { states, sections } = await buyer.events.seatStates({ showId });
    return `${states} ${sections[0]!.available}`;
  };

  expect((await blockSeats({ showId, seatIds: [one, two] })).sections).toMatchObject([{ capacity: 4, available: 2 }]);
  expect(await look()).toBe('xxaa 2');
  await blockSeats({ showId, seatIds: [two] });
  expect(await look()).toBe('xxaa 2');
  expect([await book(one), await book(three)]).toEqual(['seat_taken', 'done']);

  // All or none: the fourth seat is free, the third is not.
  const taken = await blockSeats({ showId, seatIds: [four, three] }).catch((error: Error) => error.cause);
  expect(taken).toMatchObject({ problem: { code: 'seat_taken', seatIds: [three] } });
  expect(await outcome(blockSeats({ showId, seatIds: [four, newId()] }))).toBe('seatIds.1');
  expect(await look()).toBe('xxba 1');

  expect((await unblockSeats({ showId, seatIds: [one, two, four] })).sections).toMatchObject([{ available: 3 }]);
  expect(await look()).toBe('aaba 3');
  expect(await book(one)).toBe('done');
  expect(await look()).toBe('baba 2');
  expect(await listViolations(office.db, { showId, shard: shardOf(showId) })).toEqual([]);
});
