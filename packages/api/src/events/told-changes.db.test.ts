import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Change } from '../changes.ts';
import { createJobHandlers } from '../job-handlers.ts';
import { type Caller, createTestOffice, createTestShow, standing, type TestOffice, type TestShow } from '../testing.ts';

let office: TestOffice;
let admin: Caller;

beforeAll(async () => {
  office = await createTestOffice();
  admin = office.as(await office.actor('admin'));
});
afterAll(() => office[Symbol.asyncDispose]());

/** All that readers of an event see of it, as it is committed. */
const picture = async ({ eventId }: TestShow) =>
  JSON.stringify([
    await office.db.selectFrom('events').selectAll().where('id', '=', eventId).execute(),
    await office.db
      .selectFrom('shows')
      .innerJoin('venues', 'venues.id', 'shows.venue_id')
      .selectAll()
      .where('event_id', '=', eventId)
      .execute(),
  ]);

const dayOn = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

/** Each is told of as a change of the event and the listings, and of its show where `show` says so. */
const verbs: [string, (show: TestShow) => Promise<unknown>, { show?: boolean; draft?: boolean }?][] = [
  ['an event is edited', ({ eventId }) => admin.admin.events.update({ eventId, version: 2, name: 'Matinee' })],
  ['an event is published', ({ eventId }) => admin.admin.events.publish({ eventId }), { draft: true }],
  ['a draft is deleted', ({ eventId }) => admin.admin.events.delete({ eventId }), { draft: true }],
  [
    'a show is added',
    ({ eventId, venueId, sectionIds: [sectionId = ''] }) => {
      const prices = [{ sectionId, amount: 1 }];
      const times = { startsAt: dayOn(40), endsAt: dayOn(41) };
      return admin.admin.shows.create({ eventId, venueId, currency: 'EUR', prices, ...times });
    },
    { show: true },
  ],
  [
    'a show is edited',
    ({ showId }) => admin.admin.shows.update({ showId, version: 1, startsAt: dayOn(20) }),
    { show: true },
  ],
  ['a show is cancelled', ({ showId }) => admin.admin.shows.cancel({ showId, reason: 'Storm' }), { show: true }],
  ['an event is cancelled', ({ eventId }) => admin.admin.events.cancel({ eventId, reason: 'Storm' }), { show: true }],
  ['a venue is renamed', ({ venueId }) => admin.admin.venues.update({ venueId, version: 1, name: 'Barn' })],
  [
    'a venue is found to lie in another time zone',
    ({ venueId }) => admin.admin.venues.update({ venueId, version: 1, timeZone: 'Europe/Lisbon' }),
  ],
  [
    'a job refreshes the listing',
    async ({ eventId, showId, sectionIds: [sectionId = ''] }) => {
      const sections = [{ sectionId, quantity: 3 }];
      await office.as(await office.actor()).bookings.book({ showId, sections, idempotencyKey: eventId });
      await createJobHandlers(office.services)['refresh-listings']({ eventIds: [eventId] }, { isLastTry: true });
    },
  ],
];

test.each(verbs)('%s: that is told, and only when whoever asks anew sees it', async (_, verb, { show, draft } = {}) => {
  const made = await createTestShow(admin, [standing(3)]);
  if (draft) await office.db.updateTable('events').set({ status: 'draft' }).where('id', '=', made.eventId).execute();
  const before = await picture(made);
  const told: Change[] = [];
  const seen: Promise<string>[] = [];
  const stop = office.services.changes.listen((change) => {
    told.push(change);
    seen.push(picture(made));
  });
  await verb(made);
  stop();
  const ofEvent = told.filter((change) => !('eventId' in change) || change.eventId === made.eventId);
  const kinds = new Set(ofEvent.map(({ kind }) => kind));
  kinds.delete('show');
  expect(kinds).toEqual(new Set(['event', 'listings']));
  const ofShows = ofEvent.filter(({ kind }) => kind === 'show');
  if (show) expect(ofShows).toHaveLength(1);
  const after = await picture(made);
  expect(after).not.toBe(before);
  expect((await Promise.all(seen)).at(-1)).toBe(after);
});

test('what nobody reads of a venue is not told', async () => {
  const made = await createTestShow(admin, [standing(3)]);
  const told: Change[] = [];
  const stop = office.services.changes.listen((change) => void told.push(change));
  await admin.admin.venues.update({ venueId: made.venueId, version: 1, sections: [standing(4)] });
  stop();
  expect(told).toEqual([]);
});
