import { createScriptContext } from '@evently/api/context';
import { createCaller } from '@evently/api/router';
import { createTestShow, newKey, seated, type TestShow } from '@evently/api/testing';
import { newId } from '@evently/db/ids';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestServer, type TestServer } from './testing.ts';

let server: TestServer;
let show: TestShow;
let caller: ReturnType<typeof createCaller>;

beforeAll(async () => {
  server = await startTestServer();
  const admin = { userId: newId(), email: 'ada@example.com', name: 'Ada', role: 'admin' as const };
  caller = createCaller(createScriptContext(server.services, admin));
  show = await createTestShow(caller, [seated(40, 50)]);
});
afterAll(() => server[Symbol.asyncDispose]());

const rest = (path: string, headers = {}) => fetch(`${server.url}/api/v1${path}`, { headers });
const trpc = (procedure: string, input: object, headers = {}) =>
  fetch(`${server.url}/trpc/${procedure}?input=${encodeURIComponent(JSON.stringify(input))}`, { headers });
const book = (seat: number) =>
  caller.bookings.book({ showId: show.showId, seatIds: [show.seatIds[seat]!], idempotencyKey: newKey() });

const ways: [string, (headers?: object) => Promise<Response>][] = [
  ['the layout over REST', (headers) => rest(`/shows/${show.showId}/layout`, headers)],
  ['the states over REST', (headers) => rest(`/shows/${show.showId}/states`, headers)],
  ['a show over tRPC', (headers) => trpc('events.show', { showId: show.showId }, headers)],
  ['an event over tRPC', (headers) => trpc('events.get', { eventId: show.eventId }, headers)],
  ['the list over tRPC', (headers) => trpc('events.list', {}, headers)],
];

test.each(ways)('%s has a tag by which a caller who has it already is told so', async (_what, get) => {
  const first = await get();
  const etag = first.headers.get('etag');
  expect(first.status).toBe(200);
  expect(etag).toMatch(/^"[\w-]{20,}"$/);
  expect(first.headers.get('cache-control')).toMatch(/^public/);
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const again = await get({ 'if-none-match': known });
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
  }
  const other = await get({ 'if-none-match': '"other"' });
  expect([other.status, await other.text()]).toEqual([200, await first.text()]);
});

test('a caller sees at once what they did, whichever way they look', async () => {
  const available = async (get: () => Promise<Response>) => {
    const found = /"available":(\d+)/.exec(await (await get()).text());
    return Number(found?.[1]);
  };
  const looks = ways.slice(1, 4).map(
    ([, get]) =>
      () =>
        available(get),
  );
  const before = await Promise.all(looks.map((look) => look()));
  for (let sold = 1; sold <= 5; sold += 1) {
    await book(sold);
    expect(await Promise.all(looks.map((look) => look()))).toEqual(before.map((places) => places - sold));
  }
});

test('a crowd that looks at one show asks the database once', async () => {
  await book(100);
  const read = vi.spyOn(server.services.readDb, 'read');
  const answers = await Promise.all(Array.from({ length: 200 }, () => trpc('events.show', { showId: show.showId })));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  // A crowd of a second or more would have asked twice.
  expect(read.mock.calls.length).toBeLessThan(20);
  read.mockRestore();
});

test('what is no answer is not kept: a draft is found once it is published', async () => {
  const event = await caller.admin.events.create({ name: 'Soon', description: 'Soon.', category: 'concert' });
  expect((await rest(`/events/${event.id}`)).status).toBe(404);
  await createTestShow(caller, [seated(1, 2)]);
  const { venueId } = show;
  const venue = await caller.admin.venues.get({ venueId });
  const startsAt = new Date(Date.now() + 86_400_000);
  await caller.admin.shows.create({
    eventId: event.id,
    venueId,
    startsAt: startsAt.toISOString(),
    endsAt: new Date(startsAt.getTime() + 3_600_000).toISOString(),
    currency: 'EUR',
    prices: venue.sections.map(({ id }) => ({ sectionId: id, amount: 0 })),
  });
  await caller.admin.events.publish({ eventId: event.id });
  expect((await rest(`/events/${event.id}`)).status).toBe(200);
});
