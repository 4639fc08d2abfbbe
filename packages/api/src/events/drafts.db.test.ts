import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Caller, codeOf, createTestOffice, newKey, seated, type TestOffice, tally } from '../testing.ts';
import { createDraft, createShow, createVenue, inDays } from './testing-events.ts';

let office: TestOffice;
let admin: Caller;

beforeAll(async () => {
  office = await createTestOffice();
  admin = office.as(await office.actor('admin'));
});
afterAll(() => office[Symbol.asyncDispose]());

const outcome = (call: Promise<unknown>) => call.then(() => 'done', codeOf);

/** What the public gets to see of an event, call by call. */
async function looks(eventId: string, showId: string, name: string): Promise<Record<string, unknown>> {
  const stranger = office.as(null);
  const buyer = office.as(await office.actor());
  const { items } = await stranger.events.list({ q: name });
  return {
    get: await outcome(stranger.events.get({ eventId })),
    show: await outcome(stranger.events.show({ showId })),
    seatLayout: await outcome(stranger.events.seatLayout({ showId })),
    seatStates: await outcome(stranger.events.seatStates({ showId })),
    listed: items.map(({ id }) => id),
    hold: await outcome(buyer.bookings.hold({ showId, sections: await sectionsOf(eventId), idempotencyKey: newKey() })),
  };
}

async function sectionsOf(eventId: string) {
  const [show] = (await admin.admin.events.get({ eventId })).shows;
  return [{ sectionId: show!.sections[0]!.sectionId, quantity: 1 }];
}

test('a draft does not exist to the public, wherever they look; admins see it; published, all see it', async () => {
  const name = `Premiere ${newKey()}`;
  const eventId = await createDraft(admin, { name });
  const venue = await createVenue(admin, { sections: [seated(1, 5)] });
  const showId = await createShow(admin, eventId, venue, { startsAt: inDays(10) });

  const unseen = { get: 'not_found', show: 'not_found', seatLayout: 'not_found', seatStates: 'not_found' };
  expect(await looks(eventId, showId, name)).toEqual({ ...unseen, listed: [], hold: 'not_found' });
  expect(await admin.admin.events.get({ eventId })).toMatchObject({ status: 'draft', shows: [{ id: showId }] });
  const list = async (status: 'draft' | 'published') =>
    (await admin.admin.events.list({ q: name, status })).items.map(({ id }) => id);
  expect([await list('draft'), await list('published')]).toEqual([[eventId], []]);

  await admin.admin.events.publish({ eventId });
  const seen = { get: 'done', show: 'done', seatLayout: 'done', seatStates: 'done' };
  expect(await looks(eventId, showId, name)).toEqual({ ...seen, listed: [eventId], hold: 'done' });
  expect([await list('draft'), await list('published')]).toEqual([[], [eventId]]);
});

test('to publish again changes nothing; what is cancelled is not published, edited or given a show', async () => {
  const eventId = await createDraft(admin);
  const venue = await createVenue(admin);
  const published = await admin.admin.events.publish({ eventId });
  expect(published).toMatchObject({ status: 'published', version: 2, publishedAt: expect.any(Date) });
  expect(await admin.admin.events.publish({ eventId })).toEqual(published);

  await office.db.updateTable('events').set({ status: 'cancelled' }).where('id', '=', eventId).execute();
  expect(await outcome(admin.admin.events.publish({ eventId }))).toBe('invalid_state');
  expect(await outcome(admin.admin.events.update({ eventId, version: 2, name: 'Late' }))).toBe('invalid_state');
  expect(await outcome(createShow(admin, eventId, venue, { startsAt: inDays(3) }))).toBe('invalid_state');
});

test('a draft is deleted with its shows and all that they would have sold; what was published stays', async () => {
  const venue = await createVenue(admin, { sections: [seated(1, 2)] });
  const [draft, published] = [await createDraft(admin), await createDraft(admin)];
  const showId = await createShow(admin, draft, venue, { startsAt: inDays(3) });
  await admin.admin.events.publish({ eventId: published });

  expect(await outcome(admin.admin.events.delete({ eventId: published }))).toBe('invalid_state');
  expect(await admin.admin.events.delete({ eventId: draft })).toEqual({ eventId: draft });
  expect(await outcome(admin.admin.events.get({ eventId: draft }))).toBe('not_found');
  expect(await outcome(admin.admin.events.delete({ eventId: draft }))).toBe('not_found');
  for (const table of ['show_inventory', 'show_sections'] as const) {
    expect(await office.db.selectFrom(table).selectAll().where('show_id', '=', showId).execute()).toEqual([]);
  }
  expect((await admin.admin.events.get({ eventId: published })).status).toBe('published');
});

test('of ten edits with one version exactly one is done, and none that comes later with it', async () => {
  const eventId = await createDraft(admin);
  const edit = (name: string, version: number) => admin.admin.events.update({ eventId, version, name });
  const results = await Promise.allSettled(Array.from({ length: 10 }, (_, n) => edit(`Name ${n}`, 1)));
  expect(tally(results)).toEqual({ done: 1, version_conflict: 9 });
  const winner = results.findIndex(({ status }) => status === 'fulfilled');
  expect(await outcome(edit('Stale', 1))).toBe('version_conflict');
  expect(await admin.admin.events.get({ eventId })).toMatchObject({ name: `Name ${winner}`, version: 2 });
  const slug = new RegExp(`^next-${eventId.slice(-6)}$`);
  expect(await edit('Next', 2)).toMatchObject({ name: 'Next', slug: expect.stringMatching(slug), version: 3 });
});
