import { newId, shardOf } from '@evently/db/ids';
import { sql } from 'kysely';
import { afterAll, expect, test } from 'vitest';
import { sweepHolds } from '../bookings/sweep-holds.ts';
import { MAX_SERVED_PER_BATCH } from '../box-office/decide/offers.ts';
import { MAX_LINE } from '../box-office/line.ts';
import { refreshListings } from '../events/refresh-listings.ts';
import { noMetrics } from '../metrics.ts';
import { createTestShow, newKey, seated, standing } from '../testing.ts';
import { createLineOffice, problemOf } from './testing-line.ts';

const line = await createLineOffice();
const { office, admin, house, people, as, sellOut, join, statusOf, violations, runOut } = line;
afterAll(() => line[Symbol.asyncDispose]());

test('a place that is cancelled is offered to the first, who accepts it; the next one declines, and then anybody may buy', async () => {
  const show = await sellOut([standing(2)]);
  const { showId } = show;
  const [a, b, c] = [await join(0, show), await join(1, show), await join(2, show)];
  expect([a, b, c].map(({ status, position }) => [status, position])).toEqual([
    ['waiting', 1],
    ['waiting', 2],
    ['waiting', 3],
  ]);
  expect(await problemOf(join(0, show))).toBe('already_waiting');
  expect(await problemOf(join(3, show, 11))).toBe('limit_exceeded');
  expect(await problemOf(as(0).waitlist.accept({ entryId: a.id }))).toBe('invalid_state');
  await show.cancel(0);
  const offered = await as(0).waitlist.get({ entryId: a.id });
  expect([offered.status, offered.position, await statusOf(1, b.id)]).toEqual(['offered', null, 'waiting']);
  expect((await as(1).waitlist.get({ entryId: b.id })).position).toBe(1);
  const { rows } = await sql<{ count: number }>`SELECT count(*)::int FROM pgboss.job
    WHERE name = 'send-offers' AND data->'bookingIds' ? ${offered.offer!.bookingId}`.execute(office.db);
  expect(rows[0]!.count).toBe(1);
  for (const verb of ['accept', 'decline', 'leave', 'get'] as const)
    expect(await problemOf(as(1).waitlist[verb]({ entryId: a.id }))).toBe('not_found');
  const first = await as(0).waitlist.accept({ entryId: a.id });
  expect([first.status, first.id]).toEqual(['confirmed', offered.offer!.bookingId]);
  expect(await as(0).waitlist.accept({ entryId: a.id })).toEqual(first);
  expect((await as(0).waitlist.list({})).items).toEqual([expect.objectContaining({ id: a.id, status: 'converted' })]);
  await as(1).waitlist.leave({ entryId: b.id });
  await show.cancel(1);
  expect(await as(2).waitlist.decline({ entryId: c.id })).toMatchObject({ status: 'declined', position: null });
  expect(await problemOf(as(2).waitlist.accept({ entryId: c.id }))).toBe('invalid_state');
  expect((await admin.events.show({ showId })).sections[0]!.available).toBe(1);
  const { items } = await admin.admin.waitlist.list({ showId });
  expect(items.map(({ status, events }) => [status, events.map(({ type }) => type)])).toEqual([
    ['converted', ['joined', 'offered', 'converted']],
    ['left', ['joined', 'left']],
    ['declined', ['joined', 'offered', 'declined']],
  ]);
  expect(items[0]!.events[1]!.data.reason).toBe('first_in_line');
  expect(await violations(show)).toEqual([]);
});

test('what is offered of a hall are seats that are free, side by side where that is possible', async () => {
  const show = await createTestShow(admin, [seated(2, 4)]);
  const { showId, seatIds } = show;
  const book = (seats: number[]) =>
    house.bookings.book({ showId, seatIds: seats.map((n) => seatIds[n]!), idempotencyKey: newKey() });
  const [sold] = [await book([0, 2, 3, 5, 7]), await book([1, 4, 6])];
  const parties = [await join(0, show, 2), await join(1, show, 3)];
  await house.bookings.cancel({ bookingId: sold.id });
  const seats = parties.map(async ({ id: entryId }, n) => {
    const { offer } = await as(n).waitlist.get({ entryId });
    const { tickets } = await as(n).bookings.get({ bookingId: offer!.bookingId });
    return tickets.map(({ seatId }) => seatIds.indexOf(seatId!)).sort();
  });
  expect(await Promise.all(seats)).toEqual([
    [2, 3],
    [0, 5, 7],
  ]);
  expect(await violations(show)).toEqual([]);
});

test('seats that are no longer kept back, an offer that is declined, more capacity: each is offered to the next', async () => {
  const show = await createTestShow(admin, [seated(1, 2), standing(1)]);
  const { showId, seatIds, sectionIds } = show;
  await admin.admin.shows.blockSeats({ showId, seatIds });
  const sections = [{ sectionId: sectionIds[1]!, quantity: 1 }];
  await house.bookings.book({ showId, sections, idempotencyKey: newKey() });
  const [first, second, third] = [await join(0, show, 2), await join(1, show, 2), await join(2, show, 2)];
  await admin.admin.shows.unblockSeats({ showId, seatIds });
  expect(await statusOf(0, first.id)).toBe('offered');
  await as(0).waitlist.decline({ entryId: first.id });
  expect(await statusOf(1, second.id)).toBe('offered');
  await admin.admin.shows.setCapacity({ showId, sectionId: sectionIds[1]!, capacity: 3 });
  expect(await statusOf(2, third.id)).toBe('offered');
  expect(await violations(show)).toEqual([]);
});

test('while places are saved, everybody else finds the section full: show, list, seat map and claims agree', async () => {
  const show = await sellOut([seated(1, 6)]);
  const { showId, eventId, sectionIds, seatIds } = show;
  await join(0, show, 3);
  for (const n of [1, 2, 3]) await join(n, show);
  for (const seat of [0, 1, 2, 4]) await show.cancel(seat);
  const seen = async () => {
    const { states, sections } = await admin.events.seatStates({ showId });
    return [states, sections[0]!.available, (await admin.events.show({ showId })).sections[0]!.available];
  };
  expect(await seen()).toEqual(['hhhbhb', 0, 0]);
  expect(await problemOf(house.bookings.hold({ showId, seatIds: [seatIds[4]!], idempotencyKey: newKey() }))).toBe(
    'seat_taken',
  );
  const sections = [{ sectionId: sectionIds[0]!, quantity: 1 }];
  for (let n = 0; n < 3; n += 1)
    expect(await problemOf(house.bookings.hold({ showId, sections, idempotencyKey: newKey() }))).toBe('sold_out');
  expect(await violations(show)).toEqual([]);
  await refreshListings(office.services, [eventId], new Date());
  const { rows } = await sql<{
    soldOut: boolean;
  }>`SELECT sold_out AS "soldOut" FROM events WHERE id = ${eventId}`.execute(office.db);
  expect(rows[0]!.soldOut).toBe(true);
  // Nobody comes until the time is over, and nothing that was saved is left.
  await admin.admin.shows.blockSeats({ showId, seatIds: [seatIds[4]!] });
  await sql`UPDATE waitlist_entries SET saves_until = clock_timestamp() WHERE show_id = ${showId} AND saves_until IS NOT NULL`.execute(
    office.db,
  );
  await sweepHolds(office.services);
  const { rows: saved } = await sql`SELECT FROM show_sections WHERE show_id = ${showId} AND saved`.execute(office.db);
  expect(saved).toEqual([]);
  await admin.admin.shows.unblockSeats({ showId, seatIds: [seatIds[4]!] });
  expect(await seen()).toEqual(['hhhbab', 1, 1]);
  expect(await violations(show)).toEqual([]);
});

test('in a line of any length, the small party that fits is found, and the sweep serves those whom one batch could not', async () => {
  const show = await sellOut([standing(4)]);
  const { showId } = show;
  const { boxOffice } = office.services;
  const parties = Array.from({ length: 2 * MAX_LINE }, () => ({
    kind: 'join' as const,
    userId: newId(),
    entryId: newId(shardOf(showId)),
    sectionId: null,
    quantity: 2,
    idempotencyKey: newKey(),
    requestHash: '',
  }));
  await Promise.all(parties.map((request) => boxOffice.submit(showId, request)));
  const { id } = await join(0, show);
  expect((await as(0).waitlist.get({ entryId: id })).position).toBe(parties.length + 1);
  await show.cancel(0);
  expect(await statusOf(0, id)).toBe('offered');
  const countWaiting = async () => {
    const row = office.db.selectFrom('show_inventory').select('waiting').where('show_id', '=', showId);
    return (await row.executeTakeFirstOrThrow()).waiting;
  };
  const sectionId = show.sectionIds[0]!;
  const places = 2 * (MAX_SERVED_PER_BATCH + 10);
  const { sections } = await admin.admin.shows.setCapacity({ showId, sectionId, capacity: 4 + places });
  expect([await countWaiting(), sections[0]!.available]).toEqual([parties.length - MAX_SERVED_PER_BATCH, 0]);
  expect(await violations(show)).toEqual([]);
  await sweepHolds(office.services);
  expect(await countWaiting()).toBe(parties.length - MAX_SERVED_PER_BATCH - 10);
  expect(await violations(show)).toEqual([]);
  // A batch sends so many home when the show is called off; the sweep sends the others.
  await boxOffice.submit(showId, { kind: 'cancel-show', reason: 'Storm', userId: newId() });
  expect(await countWaiting()).toBe(parties.length - 2 * MAX_SERVED_PER_BATCH - 10);
  await sweepHolds(office.services);
  expect(await countWaiting()).toBe(0);
});

test('whoever leaves and joins again in the same moment waits at the end of the line', async () => {
  const sizes: number[] = [];
  const { boxOffice } = await office.open({ metrics: { ...noMetrics, batch: (size) => sizes.push(size) } });
  const show = await sellOut([standing(1)]);
  const { showId } = show;
  const { userId } = people[0]!;
  const { id: entryId } = await join(0, show);
  const again = {
    entryId: newId(shardOf(showId)),
    sectionId: null,
    quantity: 1,
    idempotencyKey: newKey(),
    requestHash: '',
  };
  const answers = await Promise.all([
    boxOffice.submit(showId, { kind: 'leave', entryId, userId }),
    boxOffice.submit(showId, { kind: 'join', userId, ...again }),
  ]);
  expect(answers).toMatchObject([{ entry: { status: 'left' } }, { entry: { status: 'waiting', position: 2 } }]);
  // In one batch, at the first try.
  expect(sizes).toEqual([2]);
  expect(await violations(show)).toEqual([]);
});

test('the sweep lets offers lapse and closes the line with sales, though nobody comes', async () => {
  const show = await sellOut([standing(1)]);
  const { showId } = show;
  const [a, b, c] = [await join(0, show), await join(1, show), await join(2, show)];
  await show.cancel(0);
  await runOut((await as(0).waitlist.get({ entryId: a.id })).offer!.bookingId);
  await sweepHolds(office.services);
  expect([await statusOf(0, a.id), await statusOf(1, b.id)]).toEqual(['lapsed', 'offered']);
  expect(await problemOf(as(0).waitlist.accept({ entryId: a.id }))).toBe('hold_expired');
  expect(await problemOf(as(0).waitlist.decline({ entryId: a.id }))).toBe('hold_expired');
  await sql`UPDATE shows SET sales_close_at = clock_timestamp() WHERE id = ${showId}`.execute(office.db);
  await sweepHolds(office.services);
  expect([await statusOf(1, b.id), await statusOf(2, c.id)]).toEqual(['offered', 'closed']);
  expect(await problemOf(join(3, show))).toBe('not_on_sale');
});

test('when sales are opened again, the sweep offers what became free meanwhile', async () => {
  const show = await sellOut([standing(1)]);
  const opens = (at: string) =>
    sql`UPDATE shows SET sales_open_at = clock_timestamp() + ${at}::interval WHERE id = ${show.showId}`.execute(
      office.db,
    );
  const { id } = await join(0, show);
  await opens('1 hour');
  await show.cancel(0);
  await opens('-1 hour');
  expect(await statusOf(0, id)).toBe('waiting');
  expect((await violations(show)).map((line) => line.slice(0, 2))).toEqual(['I6']);
  await sweepHolds(office.services);
  expect(await statusOf(0, id)).toBe('offered');
});

test('a key that joined a waitlist books nothing, and one that booked joins none', async () => {
  const show = await sellOut([standing(1)]);
  const { showId } = show;
  const sections = [{ sectionId: show.sectionIds[0]!, quantity: 1 }];
  const joining = { showId, quantity: 1, idempotencyKey: newKey() };
  const first = await as(0).waitlist.join(joining);
  expect(await as(0, 1).waitlist.join(joining)).toEqual(first);
  expect(await problemOf(as(0).waitlist.join({ ...joining, quantity: 2 }))).toBe('idempotency_mismatch');
  const { idempotencyKey } = joining;
  expect(await problemOf(as(0).bookings.book({ showId, sections, idempotencyKey }))).toBe('idempotency_mismatch');
  await as(0).waitlist.leave({ entryId: first.id });
  await show.cancel(0);
  const booked = await as(0).bookings.book({ showId, sections, idempotencyKey: newKey() });
  expect(booked.status).toBe('confirmed');
  const { rows } = await sql<{
    key: string;
  }>`SELECT idempotency_key AS key FROM bookings WHERE id = ${booked.id}`.execute(office.db);
  expect(await problemOf(as(0).waitlist.join({ ...joining, idempotencyKey: rows[0]!.key }))).toBe(
    'idempotency_mismatch',
  );
});
