import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeCursor } from '../cursor.ts';
import { type Caller, codeOf, createTestOffice, newKey, standing, type TestOffice } from '../testing.ts';
import { refreshListings } from './refresh-listings.ts';
import { createDraft, createShow, createVenue, inDays, type TestVenue } from './testing-events.ts';

let office: TestOffice;
let admin: Caller;

beforeAll(async () => {
  office = await createTestOffice();
  admin = office.as(await office.actor('admin'));
  await createCatalogue();
});
afterAll(() => office[Symbol.asyncDispose]());

type Described = Partial<Parameters<typeof createDraft>[1]> & { name: string };

async function publish(event: Described, shows: [venue: TestVenue, days: number, amount: number][]): Promise<string[]> {
  const eventId = await createDraft(admin, event);
  const showIds: string[] = [];
  for (const [venue, days, amount] of shows) {
    showIds.push(await createShow(admin, eventId, venue, { startsAt: inDays(days), amount }));
  }
  await admin.admin.events.publish({ eventId });
  return showIds;
}

/** In the order of their next shows: Open Air, Jazz Night, Gala, Rusalka; and a draft, which is nowhere. */
async function createCatalogue(): Promise<void> {
  const vienna = await createVenue(admin, { name: 'Konzerthaus', city: 'Wien' });
  const graz = await createVenue(admin, { name: 'Kasematten', city: 'Graz' });
  const linz = await createVenue(admin, { name: 'Donaupark', city: 'Linz' });
  const tiny = await createVenue(admin, { name: 'Kämmerchen', city: 'São Paulo', sections: [standing(1)] });
  const rusalka = { name: 'Dvořák: Rusalka', category: 'opera', tags: ['fairy tale'] };
  await publish({ ...rusalka, description: 'A nightingale sings.' }, [[vienna, 12, 5000]]);
  await publish({ name: 'Open Air', description: 'Brass under the chestnut trees.' }, [
    [linz, 20, 1000],
    [graz, 5, 2000],
  ]);
  await publish({ name: 'Jazz Night', tags: ['swing'] }, [[vienna, 8, 3000]]);
  const [galaShow] = await publish({ name: 'Gala', category: 'gala' }, [[tiny, 10, 0]]);
  await publish({ name: 'Nothing yet', category: 'gala' }, []);
  const draft = await createDraft(admin, { name: 'Secret Jazz' });
  await createShow(admin, draft, vienna, { startsAt: inDays(1) });

  const buyer = office.as(await office.actor());
  const sections = [{ sectionId: tiny.sectionIds[0]!, quantity: 1 }];
  const { eventId } = await buyer.bookings.book({ showId: galaShow!, sections, idempotencyKey: newKey() });
  await refreshListings(office.services, [eventId], inDays(0));
}

const iso = (days: number, moreMs = 0) => new Date(inDays(days).getTime() + moreMs).toISOString();
type Filter = Parameters<Caller['events']['list']>[0];
const ALL = ['Open Air', 'Jazz Night', 'Gala', 'Dvořák: Rusalka'];

test.each<[what: string, filter: Filter, names: string[]]>([
  ['nothing asked: all, soonest first', {}, ALL],
  ['a word without its accents', { q: 'dvorak' }, ['Dvořák: Rusalka']],
  ['a word with accents that the text has not', { q: 'Chëstnut' }, ['Open Air']],
  ['the beginning of a word', { q: 'rusa' }, ['Dvořák: Rusalka']],
  ['not its end', { q: 'salka' }, []],
  ['every word must be there', { q: 'jazz brass' }, []],
  ['whole words, but for the last', { q: 'night konz' }, ['Jazz Night']],
  ['the beginnings of words, where nothing has them whole', { q: 'nig konz' }, ['Jazz Night', 'Dvořák: Rusalka']],
  ['words in any order and case', { q: 'NIGHT jazz' }, ['Jazz Night']],
  ['a tag', { q: 'fairy' }, ['Dvořák: Rusalka']],
  ['a venue', { q: 'konzerthaus' }, ['Jazz Night', 'Dvořák: Rusalka']],
  ['the city of a later show', { q: 'linz' }, ['Open Air']],
  ['a word of the description', { q: 'brass' }, ['Open Air']],
  ['no words at all restrict nothing', { q: ' & | ! ' }, ALL],
  ['a category, whatever its case', { category: 'Opera' }, ['Dvořák: Rusalka']],
  ['a city, whatever its accents and case', { city: 'sao paulo' }, ['Gala']],
  ['the city of any show', { city: 'Linz' }, ['Open Air']],
  ['a city is the whole name, not a part of it', { city: 'Paulo' }, []],
  ['from: a show at that very instant counts', { from: iso(12) }, ['Open Air', 'Dvořák: Rusalka']],
  ['from: a millisecond later it does not', { from: iso(12, 1) }, ['Open Air']],
  ['to: a show at that very instant does not count', { to: iso(8) }, ['Open Air']],
  ['to: a millisecond earlier it does', { to: iso(8, 1) }, ['Open Air', 'Jazz Night']],
  ['between two shows of an event lies none', { from: iso(6), to: iso(20) }, ['Jazz Night', 'Gala', 'Dvořák: Rusalka']],
  ['to before from', { from: iso(10), to: iso(9) }, []],
  ['only what is still to be had', { availableOnly: true }, ['Open Air', 'Jazz Night', 'Dvořák: Rusalka']],
  ['availableOnly false restricts nothing', { availableOnly: false }, ALL],
  [
    'all of it together',
    { q: 'jazz', city: 'Wien', from: iso(7), to: iso(9), category: 'concert', availableOnly: true },
    ['Jazz Night'],
  ],
  ['all of it together but for one', { q: 'jazz', city: 'Graz', from: iso(7), to: iso(9) }, []],
])('%s', async (_what, filter, names) => {
  const { items, nextCursor } = await office.as(null).events.list(filter);
  expect(items.map(({ name }) => name)).toEqual(names);
  expect(nextCursor).toBeNull();
});

test('a listed event names its next show, the city of that, and the lowest price of all shows to come', async () => {
  const { items } = await office.as(null).events.list({ q: 'open air' });
  expect(items).toEqual([
    {
      id: expect.any(String),
      name: 'Open Air',
      slug: expect.stringMatching(/^open-air-[0-9a-f]{6}$/),
      category: 'concert',
      imageUrl: null,
      nextShowAt: inDays(5),
      city: 'Graz',
      fromPrice: { amount: 1000, currency: 'EUR' },
      soldOut: false,
    },
  ]);
});

test('admins find drafts by the same words, newest first', async () => {
  const { items } = await admin.admin.events.list({ q: 'jaz ev' });
  expect(items.map(({ name, status }) => [name, status])).toEqual([
    ['Secret Jazz', 'draft'],
    ['Jazz Night', 'published'],
  ]);
});

test('a cursor that no page answered is refused, not run into the database', async () => {
  const [event] = (await office.as(null).events.list({})).items;
  const refused = [['2026-02-31T00:00:00.000Z', event!.id], ['0000-01-01T00:00:00.000Z', event!.id], [event!.id]];
  for (const key of refused) {
    const page = office.as(null).events.list({ cursor: encodeCursor(key) });
    expect(await page.then(() => 'done', codeOf)).toBe('invalid_input');
  }
});
