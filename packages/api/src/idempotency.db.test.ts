import { newId } from '@evently/db/ids';
import { inTransaction } from '@evently/db/transaction';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Actor } from './context.ts';
import { createOnce } from './idempotency.ts';
import { type Caller, codeOf, createTestOffice, newKey, seated, standing, type TestOffice } from './testing.ts';

let office: TestOffice;
let actor: Actor;
let admin: Caller;

beforeAll(async () => {
  office = await createTestOffice();
  actor = await office.actor('admin');
  admin = office.as(actor);
});
afterAll(() => office[Symbol.asyncDispose]());

const outcome = (call: Promise<unknown>) => call.then(() => 'done', codeOf);

const venue = { name: 'Hall', city: 'Vienna', country: 'AT', timeZone: 'Europe/Vienna' };
const sections = [standing(10), seated(2, 5)];
const event = { name: 'Evening', description: 'An evening.', category: 'concert' };

const createVenue = (idempotencyKey?: string) =>
  admin.admin.venues.create({ ...venue, sections, ...(idempotencyKey && { idempotencyKey }) });
const createEvent = (idempotencyKey?: string, by = admin) =>
  by.admin.events.create({ ...event, ...(idempotencyKey && { idempotencyKey }) });

/** A show of a fresh event in a fresh venue, to be created with one key or another. */
async function prepareShow() {
  const { id: venueId, sections: made } = await createVenue();
  const { id: eventId } = await createEvent();
  const startsAt = new Date(Date.now() + 86_400_000);
  const show = {
    eventId,
    venueId,
    startsAt: startsAt.toISOString(),
    endsAt: new Date(startsAt.getTime() + 1).toISOString(),
    currency: 'EUR',
    prices: made.map((section) => ({ sectionId: section.id, amount: 100 })),
  };
  return { show, create: (idempotencyKey: string) => admin.admin.shows.create({ ...show, idempotencyKey }) };
}

const count = async (table: 'venues' | 'venue_seats' | 'events' | 'shows' | 'show_sections') =>
  (
    await office.db
      .selectFrom(table)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n;

test('one key ten times at once, and once more later: one venue, event or show, and one answer for all', async () => {
  const { create: createShow } = await prepareShow();
  const tables = ['venues', 'venue_seats', 'events', 'shows', 'show_sections'] as const;
  const before = await Promise.all(tables.map(count));
  for (const create of [createVenue, createEvent, createShow]) {
    const key = newKey();
    const first = await Promise.all(Array.from({ length: 10 }, () => create(key)));
    for (const answer of [...first, await create(key)]) expect(answer).toEqual(first[0]);
  }
  const after = await Promise.all(tables.map(count));
  expect(after.map((n, i) => n - before[i]!)).toEqual([1, 10, 1, 1, 2]);
});

test('the same key with another request is refused; with the same in other words it is the same', async () => {
  const idempotencyKey = newKey();
  const first = await createEvent(idempotencyKey);
  const again = (change: object) => admin.admin.events.create({ ...event, idempotencyKey, ...change });
  expect((await again({ name: ' Evening ', category: 'CONCERT' })).id).toBe(first.id);
  for (const change of [{ name: 'Morning' }, { tags: [] }, { imageUrl: 'https://example.com/a.png' }]) {
    expect(await outcome(again(change))).toBe('idempotency_mismatch');
  }
});

test('a key is one user’s for one procedure: with others it means something else; without one nothing is remembered', async () => {
  const key = newKey();
  const { id } = await createEvent(key);
  const other = office.as(await office.actor('admin'));
  const ids = [id, (await createEvent(key, other)).id, (await createVenue(key)).id];
  ids.push((await createEvent()).id, (await createEvent()).id);
  expect(new Set(ids).size).toBe(5);
});

test('a creation that was refused forgets its key: the corrected request may use it', async () => {
  const { show, create } = await prepareShow();
  const idempotencyKey = newKey();
  const prices = [{ sectionId: newId(), amount: 100 }];
  expect(await outcome(admin.admin.shows.create({ ...show, prices, idempotencyKey }))).toBe('invalid_input');
  const { id } = await create(idempotencyKey);
  expect((await create(idempotencyKey)).id).toBe(id);
});

/** Two creations of one key, the first of them still under way when the second comes. */
async function createTwice(first: 'succeeds' | 'fails' | 'takes long'): Promise<string[]> {
  const creation = { userId: actor.userId, procedure: 'test', key: newKey(), request: {}, now: new Date() };
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: mayEnd, resolve: letEnd } = Promise.withResolvers<void>();
  const [one, two] = [newId(), newId()];
  const slow = inTransaction(office.db, (trx) =>
    createOnce(trx, creation, async () => {
      begin();
      await mayEnd;
      if (first === 'fails') throw new Error('no luck');
      return one;
    }),
  );
  await begun;
  const quick = inTransaction(office.db, async (trx) => {
    if (first !== 'takes long') await sql`SET LOCAL lock_timeout = '30s'`.execute(trx);
    return await createOnce(trx, creation, async () => two);
  });
  if (first === 'takes long') await quick.catch(() => undefined);
  else await vi.waitUntil(somebodyWaits, { timeout: 30_000, interval: 10 });
  letEnd();
  const names: Record<string, string> = { [one]: 'the first', [two]: 'the second' };
  return await Promise.all([slow, quick].map((id) => id.then((made) => names[made] ?? made, codeOf)));
}

const somebodyWaits = async () => {
  const { rows } = await sql`
    SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(office.db);
  return rows.length > 0;
};

test('while the first is under way the second waits: for its answer, for its failure, but not for ever', async () => {
  expect(await createTwice('succeeds')).toEqual(['the first', 'the first']);
  expect(await createTwice('fails')).toEqual(['no luck', 'the second']);
  expect(await createTwice('takes long')).toEqual(['the first', 'overloaded']);
});
