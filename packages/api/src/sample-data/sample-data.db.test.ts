import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Actor, createScriptContext } from '../context.ts';
import { createCaller } from '../router.ts';
import { type Caller, codeOf, createTestOffice, newKey, type TestOffice } from '../testing.ts';
import { sampleEvents } from './events.ts';
import { seedSampleData } from './seed.ts';
import { sampleVenues } from './venues.ts';

const WEEK_MS = 7 * 86_400_000;
const whole = {
  venues: Object.keys(sampleVenues).length,
  events: sampleEvents.length,
  shows: sampleEvents.reduce((sum, event) => sum + event.shows.length, 0),
};

async function countStored({ db }: TestOffice): Promise<typeof whole> {
  const count = async (table: 'venues' | 'events' | 'shows') =>
    Number((await db.selectFrom(table).select(db.fn.countAll().as('n')).executeTakeFirstOrThrow()).n);
  return { venues: await count('venues'), events: await count('events'), shows: await count('shows') };
}

describe('a database that was seeded', () => {
  let office: TestOffice;
  let admin: Caller;
  const now = new Date();
  const progress: [number, number][] = [];

  beforeAll(async () => {
    office = await createTestOffice();
    admin = office.as(await office.actor('admin'));
    const made = await seedSampleData(admin, { now, onProgress: (...step) => progress.push(step) });
    expect(made).toEqual(whole);
  });
  afterAll(() => office[Symbol.asyncDispose]());

  /** The shows of a sample event as anybody sees them. */
  const showsOf = async (key: string) => {
    const name = sampleEvents.find((event) => event.key === key)?.name ?? '';
    const { items } = await office.as(null).events.list({ q: name });
    const event = items.find((item) => item.name === name);
    return (await office.as(null).events.get({ eventId: event?.id ?? '' })).shows;
  };

  test('holds what the run counted, and the run told of every step up to the last', async () => {
    expect(await countStored(office)).toEqual(whole);
    const total = whole.venues + whole.events;
    expect(progress).toEqual(Array.from({ length: total }, (_, index) => [index + 1, total]));
  });

  test('lists every event publicly, with a price and a date to come', async () => {
    const { items } = await office.as(null).events.list({ limit: 100 });
    expect(items.map(({ name }) => name).toSorted()).toEqual(sampleEvents.map(({ name }) => name).toSorted());
    for (const item of items) {
      expect(item.soldOut).toBe(false);
      expect(item.nextShowAt.getTime()).toBeGreaterThan(now.getTime());
    }
    expect(items.find(({ name }) => name.startsWith('Open Decks'))?.fromPrice).toEqual({ amount: 0, currency: 'EUR' });
    expect(items.find(({ name }) => name.startsWith('Orchestra'))?.fromPrice).toEqual({
      amount: 45_000,
      currency: 'CZK',
    });
  });

  test('lets somebody new book the free standing show', async () => {
    const user = office.as(await office.actor());
    const [show] = await showsOf('open-decks');
    const sections = show!.sections.map(({ sectionId }) => ({ sectionId, quantity: 2 }));
    const booking = await user.bookings.book({ showId: show!.id, sections, idempotencyKey: newKey() });
    expect(booking).toMatchObject({ status: 'confirmed', quantity: 2, total: { amount: 0, currency: 'EUR' } });
  });

  test('sells seats of the theatre by name, labelled as the plan has them', async () => {
    const user = office.as(await office.actor());
    const [show] = await showsOf('cartographer');
    const layout = await user.events.seatLayout({ showId: show!.id });
    expect(layout.seatCount).toBe(1209);
    const row = layout.sections.find(({ name }) => name === 'Circle')!.rows[2]!;
    const seatIds = row.seats.slice(0, 2).map(({ seatId }) => seatId);
    const held = await user.bookings.hold({ showId: show!.id, seatIds, idempotencyKey: newKey() });
    expect(held.tickets.map(({ label }) => label)).toEqual(['Circle, row C, seat 1', 'Circle, row C, seat 2']);
  });

  test('books the talk without a payment, which is collected at the door', async () => {
    const user = office.as(await office.actor());
    const [show] = await showsOf('bridges');
    const sections = [{ sectionId: show!.sections[0]!.sectionId, quantity: 1 }];
    const booking = await user.bookings.book({ showId: show!.id, sections, idempotencyKey: newKey() });
    expect(booking).toMatchObject({ status: 'confirmed', total: { amount: 800, currency: 'GBP' } });
  });

  test('keeps the last performance of the opera off sale until next week', async () => {
    const user = office.as(await office.actor());
    const last = (await showsOf('clockmaker')).at(-1)!;
    const sections = [{ sectionId: last.sections[0]!.sectionId, quantity: 1 }];
    const hold = user.bookings.hold({ showId: last.id, sections, idempotencyKey: newKey() });
    expect(await hold.then(() => 'held', codeOf)).toBe('not_on_sale');
  });

  test('sells no standing place at the handball finals', async () => {
    const shows = await showsOf('havel-cup');
    expect(shows.flatMap(({ sections }) => sections).filter(({ kind }) => kind === 'standing')).toEqual([]);
  });

  test('stays as it is when it is seeded again, on another day as well, and what was cancelled stays cancelled', async () => {
    const stored = async () => [
      await office.db.selectFrom('shows').select(['id', 'starts_at']).orderBy('id').execute(),
      await office.db.selectFrom('events').select(['id', 'status', 'version']).orderBy('id').execute(),
    ];
    const [show] = await showsOf('havel-cup');
    await office.db.updateTable('events').set({ status: 'cancelled' }).where('id', '=', show!.eventId).execute();
    const before = await stored();
    for (const later of [now, new Date(now.getTime() + WEEK_MS)]) {
      expect(await seedSampleData(admin, { now: later })).toEqual(whole);
    }
    expect(await countStored(office)).toEqual(whole);
    expect(await stored()).toEqual(before);
  });
});

/** A caller that is cut off after so many calls, as by a crash between two of them. */
function callerFor(office: TestOffice, admin: Actor, calls: number): Caller {
  let left = calls;
  const findActor = async () => {
    left -= 1;
    return left < 0 ? null : admin;
  };
  return createCaller({ ...createScriptContext(office.services, admin), findKnownActor: () => undefined, findActor });
}

test('runs that are interrupted wherever, each on another day, add up to one whole run', async () => {
  await using office = await createTestOffice();
  const admin = await office.actor('admin');
  const start = Date.now();
  // After some venues; with a draft without shows; with half of its shows; with the next draft; with some of its shows;
  // with all of them, but unpublished; in the middle of the rest.
  const cuts = [4, 10, 12, 14, 13, 12, 40];
  for (const [week, calls] of cuts.entries()) {
    const run = seedSampleData(callerFor(office, admin, calls), { now: new Date(start + week * WEEK_MS) });
    expect(await run.then(() => 'done', codeOf)).toBe('unauthenticated');
  }
  const last = new Date(start + cuts.length * WEEK_MS);
  expect(await seedSampleData(office.as(admin), { now: last })).toEqual(whole);
  expect(await countStored(office)).toEqual(whole);
  const { items } = await office.as(null).events.list({ limit: 100 });
  expect(items).toHaveLength(whole.events);
});
