import { newId } from '@evently/db/ids';
import { type JobQueues, openJobQueues } from '@evently/jobs/queues';
import { startWorker } from '@evently/jobs/worker';
import { CompiledQuery, sql } from 'kysely';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Services } from '../context.ts';
import { createJobHandlers } from '../job-handlers.ts';
import { createServices } from '../services.ts';
import { type Caller, codeOf, createTestOffice, newKey, standing, type TestOffice } from '../testing.ts';
import { createDraft, createShow, createVenue, inDays, type TestVenue } from './testing-events.ts';

let office: TestOffice;
let admin: Caller;

beforeAll(async () => {
  office = await createTestOffice();
  admin = office.as(await office.actor('admin'));
});
afterAll(() => office[Symbol.asyncDispose]());

const FIRST_TRY = { isLastTry: false };

interface Listed {
  eventId: string;
  showIds: string[];
}

/** A published event of its own name, with shows so many days ahead. */
async function publish(shows: { venue: TestVenue; days: number; amount?: number }[]): Promise<Listed & { q: string }> {
  const q = `Evening ${newKey()}`;
  const eventId = await createDraft(admin, { name: q });
  const showIds: string[] = [];
  for (const { venue, days, amount = 0 } of shows) {
    showIds.push(await createShow(admin, eventId, venue, { startsAt: inDays(days), amount }));
  }
  await admin.admin.events.publish({ eventId });
  return { eventId, showIds, q };
}

/** The same office, at another time. */
const at = (days: number): Services => ({ ...office.services, now: () => inDays(days) });

const find = async (q: string, services = office.services) =>
  (await office.as(null, services).events.list({ q })).items.map(({ nextShowAt, city, fromPrice, soldOut }) => ({
    nextShowAt,
    city,
    amount: fromPrice.amount,
    soldOut,
  }));

/** What the worker does every few seconds, and when it is told to. */
const refreshDue = (days: number) => createJobHandlers(at(days))['refresh-due-listings']({}, FIRST_TRY);
const refresh = (...eventIds: string[]) =>
  createJobHandlers(office.services)['refresh-listings']({ eventIds }, FIRST_TRY);

test('when a show begins its event moves on to the next one; when the last one begins, it is listed no more', async () => {
  const [vienna, graz] = [await createVenue(admin), await createVenue(admin, { city: 'Graz' })];
  const { q, eventId } = await publish([
    { venue: vienna, days: 2, amount: 1000 },
    { venue: graz, days: 4, amount: 3000 },
  ]);
  const [first] = await find(q, at(1));
  expect(first).toEqual({ nextShowAt: inDays(2), city: 'Vienna', amount: 1000, soldOut: false });

  await refreshDue(1);
  expect(await find(q, at(1))).toEqual([first]);
  await refreshDue(2);
  expect(await find(q, at(2))).toEqual([{ nextShowAt: inDays(4), city: 'Graz', amount: 3000, soldOut: false }]);
  expect((await office.as(null, at(2)).events.list({ q, city: 'Vienna' })).items).toEqual([]);

  // Gone at once, before any job has run; afterwards too.
  expect(await find(q, at(4))).toEqual([]);
  await refreshDue(4);
  expect(await find(q, at(4))).toEqual([]);
  expect((await office.as(null).events.get({ eventId })).shows).toHaveLength(2);
});

test('fromPrice follows a change of price, and a show that is cancelled no longer counts', async () => {
  const venue = await createVenue(admin);
  const { q, eventId, showIds } = await publish([
    { venue, days: 2, amount: 3000 },
    { venue, days: 4, amount: 2000 },
  ]);
  expect(await find(q)).toMatchObject([{ nextShowAt: inDays(2), amount: 2000 }]);
  const prices = [{ sectionId: venue.sectionIds[0]!, amount: 1500 }];
  await admin.admin.shows.update({ showId: showIds[0]!, version: 1, prices });
  expect(await find(q)).toMatchObject([{ amount: 1500 }]);
  await office.db.updateTable('shows').set({ status: 'cancelled' }).where('id', '=', showIds[0]!).execute();
  await refresh(newId(), eventId);
  expect(await find(q)).toMatchObject([{ nextShowAt: inDays(4), amount: 2000 }]);
});

test('two shows repriced at once, ten times over: fromPrice is the lowest of both', async () => {
  const venue = await createVenue(admin);
  const { q, showIds } = await publish([
    { venue, days: 2 },
    { venue, days: 3 },
  ]);
  for (let round = 1; round <= 10; round += 1) {
    const amounts = [round * 1000 + 500, round * 1000 + 600];
    await Promise.all(
      showIds.map((showId, n) => {
        const prices = [{ sectionId: venue.sectionIds[0]!, amount: amounts[n]! }];
        return admin.admin.shows.update({ showId, version: round, prices });
      }),
    );
    expect(await find(q)).toMatchObject([{ amount: amounts[0] }]);
  }
});

test('an event renamed while a job refreshes its listing, ten times over: it is found by its new name', async () => {
  const venue = await createVenue(admin);
  const { eventId } = await publish([{ venue, days: 2 }]);
  for (let version = 2; version < 12; version += 1) {
    const name = `Renamed ${newKey()}`;
    await Promise.all([refresh(eventId), admin.admin.events.update({ eventId, version, name }), refresh(eventId)]);
    expect(await find(name)).toHaveLength(1);
  }
});

const countJobs = async (eventId: string) => {
  const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM pgboss.job
    WHERE name = 'refresh-listings' AND data @> ${JSON.stringify({ eventIds: [eventId] })}`.execute(office.db);
  return rows[0]!.n;
};

const openQueues = (works: boolean) =>
  openJobQueues({ url: office.databaseUrl, poolSize: 2, works, onError: () => undefined });

test('the last place sold, or the first given back, queues one refresh; every other sale and refusal none', async () => {
  const venue = await createVenue(admin, { sections: [standing(3)] });
  const { eventId, showIds } = await publish([{ venue, days: 2 }]);
  const buyer = office.as(await office.actor());
  const claim = (quantity: number) => ({
    showId: showIds[0]!,
    sections: [{ sectionId: venue.sectionIds[0]!, quantity }],
    idempotencyKey: newKey(),
  });
  const jobs: [string, number][] = [];
  const note = async (what: string) => jobs.push([what, await countJobs(eventId)]);

  await buyer.bookings.book(claim(1));
  await note('one of three sold');
  const held = await buyer.bookings.hold(claim(2));
  await note('the others held');
  expect(await buyer.bookings.book(claim(1)).then(() => 'done', codeOf)).toBe('sold_out');
  await note('one too many refused');
  await buyer.bookings.release({ bookingId: held.id });
  await note('two given back');
  expect(jobs).toEqual([
    ['one of three sold', 0],
    ['the others held', 1],
    ['one too many refused', 1],
    ['two given back', 2],
  ]);
});

test('a sale whose transaction fails after it queued its job leaves neither the job nor the sale', async () => {
  const venue = await createVenue(admin, { sections: [standing(1)] });
  const { eventId, showIds } = await publish([{ venue, days: 2 }]);
  const queues = await openQueues(false);
  // The job's own statement fails once it has run.
  const prepare: JobQueues['prepare'] = async (...job) => {
    const { sql: text, parameters } = await queues.prepare(...job);
    return CompiledQuery.raw(`WITH job AS (${text}) SELECT ('lights out: ' || count(*))::int FROM job`, [
      ...parameters,
    ]);
  };
  const { log } = office.services;
  const services = createServices({ db: office.db, queues: { prepare }, log });
  const sections = [{ sectionId: venue.sectionIds[0]!, quantity: 1 }];
  const sale = office
    .as(await office.actor(), services)
    .bookings.book({ showId: showIds[0]!, sections, idempotencyKey: newKey() });
  await expect(sale).rejects.toThrow('lights out: 1');
  expect(await countJobs(eventId)).toBe(0);
  expect((await office.as(null).events.show({ showId: showIds[0]! })).sections).toMatchObject([{ available: 1 }]);
  await services.boxOffice.drain();
  await queues.stop(1000);
});

test('a worker lists an event as sold out once all its shows are, and as available once a place is given back', async () => {
  const queues = await openQueues(true);
  const worker = await startWorker(queues, createJobHandlers(office.services), { onError: () => undefined });
  const venue = await createVenue(admin, { sections: [standing(2)] });
  const { q, eventId, showIds } = await publish([
    { venue, days: 2 },
    { venue, days: 3 },
  ]);
  const buyer = office.as(await office.actor());
  const hold = (showId: string) => {
    const sections = [{ sectionId: venue.sectionIds[0]!, quantity: 2 }];
    return buyer.bookings.hold({ showId, sections, idempotencyKey: newKey() });
  };
  const until = (soldOut: boolean) =>
    vi.waitUntil(async () => (await find(q))[0]?.soldOut === soldOut, { timeout: 30_000, interval: 50 });

  await hold(showIds[0]!);
  await refresh(eventId);
  expect(await find(q)).toMatchObject([{ soldOut: false }]);
  const last = await hold(showIds[1]!);
  await until(true);
  await buyer.bookings.release({ bookingId: last.id });
  await until(false);
  worker.stop();
  await queues.stop(5000);
});
