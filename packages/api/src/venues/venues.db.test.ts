import { newId } from '@evently/db/ids';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

const outcome = (call: Promise<unknown>) => call.then(() => 'done', codeOf);

test('a venue that is rebuilt: shows keep the seats they are sold with, new shows get the new ones', async () => {
  const { showId, eventId, venueId, seatIds, sectionIds } = await createTestShow(admin, [seated(1, 3), standing(5)]);
  const buyer = office.as(await office.actor());
  const book = (seatId: string) => buyer.bookings.book({ showId, seatIds: [seatId], idempotencyKey: newKey() });
  await book(seatIds[0]!);
  const look = async (id = showId) => ({
    layout: await buyer.events.seatLayout({ showId: id }),
    states: await buyer.events.seatStates({ showId: id }),
    show: await buyer.events.show({ showId: id }),
  });
  const before = await look();

  const sections = [seated(2, 4, 'Stalls'), standing(7, 'Gallery')];
  const rebuilt = await admin.admin.venues.update({ venueId, version: 1, sections });
  expect(rebuilt).toMatchObject({ version: 2, layoutVersion: 2 });
  expect(rebuilt.sections.map(({ name, capacity }) => [name, capacity])).toEqual([
    ['Stalls', 8],
    ['Gallery', 7],
  ]);
  expect(await look()).toEqual(before);
  // Another process, which has no layout at hand yet, sees the same.
  expect(await office.as(null, await office.open()).events.seatLayout({ showId })).toEqual(before.layout);
  await book(seatIds[1]!);
  expect((await look()).states).toMatchObject({ states: 'bba', layoutVersion: 1 });

  const next = (ids: string[]) =>
    admin.admin.shows.create({
      eventId,
      venueId,
      startsAt: '2099-11-20T19:30:00Z',
      endsAt: '2099-11-20T21:30:00Z',
      currency: 'EUR',
      prices: ids.map((sectionId) => ({ sectionId, amount: 0 })),
    });
  expect(await outcome(next(sectionIds))).toBe('invalid_input');
  const { id } = await next(rebuilt.sections.map((section) => section.id));
  const after = await look(id);
  expect(after).toMatchObject({ layout: { layoutVersion: 2, seatCount: 8 }, states: { states: 'aaaaaaaa' } });
  expect(JSON.stringify(after.layout)).not.toContain(seatIds[0]);
});

test('an edit changes what it names and nothing else', async () => {
  const made = await admin.admin.venues.create({
    name: 'Hall',
    address: 'Main Street 1',
    city: 'Vienna',
    country: 'AT',
    timeZone: 'Europe/Vienna',
    sections: [standing(5)],
  });
  const venueId = made.id;
  const renamed = await admin.admin.venues.update({ venueId, version: 1, name: 'Great Hall', city: 'Wien' });
  expect(renamed).toEqual({ ...made, name: 'Great Hall', city: 'Wien', version: 2 });
  expect((await admin.admin.venues.update({ venueId, version: 2, address: null })).address).toBeNull();
  expect(await admin.admin.venues.get({ venueId })).toEqual({ ...renamed, address: null, version: 3 });
});

test('a venue that is renamed or moves: lists and searches tell of it at once, for every show to come', async () => {
  const { eventId, venueId } = await createTestShow(admin, [standing(5)]);
  const [name, city] = [`Hall ${newKey()}`, `Town ${newKey()}`];
  const find = async (filter: { q?: string; city?: string }) =>
    (await office.as(null).events.list(filter)).items.map((event) => [event.id, event.city]);
  await admin.admin.venues.update({ venueId, version: 1, name });
  expect(await find({ q: name })).toEqual([[eventId, 'Vienna']]);
  await admin.admin.venues.update({ venueId, version: 2, city });
  expect(await find({ city })).toEqual([[eventId, city]]);
  expect((await office.as(null).events.get({ eventId })).shows).toMatchObject([{ venue: { name, city } }]);
});

test('of ten edits with one version exactly one is done, with its layout and no other', async () => {
  const { venueId } = await createTestShow(admin, [standing(5)]);
  const edit = (capacity: number) =>
    admin.admin.venues.update({ venueId, version: 1, sections: [standing(capacity), seated(1, 1)] });
  const results = await Promise.allSettled(Array.from({ length: 10 }, (_, n) => edit(100 + n)));
  expect(tally(results)).toEqual({ done: 1, version_conflict: 9 });
  const winner = results.findIndex(({ status }) => status === 'fulfilled');
  const { layoutVersion, sections } = await admin.admin.venues.get({ venueId });
  expect([layoutVersion, sections.map(({ capacity }) => capacity)]).toEqual([2, [100 + winner, 1]]);
  const rows = await office.db.selectFrom('venue_sections').select('id').where('venue_id', '=', venueId).execute();
  expect(rows).toHaveLength(3);
});

test('a venue that does not exist is not found', async () => {
  const venueId = newId();
  expect(await outcome(admin.admin.venues.get({ venueId }))).toBe('not_found');
  expect(await outcome(admin.admin.venues.update({ venueId, version: 1 }))).toBe('not_found');
});
