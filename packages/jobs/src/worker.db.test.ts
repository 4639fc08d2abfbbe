import { newId } from '@evently/db/ids';
import { createTestDatabase, type TestDatabase } from '@evently/db/testing';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type JobName, jobNames } from './jobs.ts';
import { type JobQueues, openJobQueues } from './queues.ts';
import { type Handlers, startWorker } from './worker.ts';

let database: TestDatabase;
let stopping: (() => Promise<void>)[];

beforeEach(async () => {
  database = await createTestDatabase(2);
  stopping = [];
});
afterEach(async () => {
  for (const stop of stopping) await stop();
  await database[Symbol.asyncDispose]();
});

const rest = async () => undefined;
const idle: Handlers = Object.fromEntries(jobNames.map((name) => [name, rest])) as Record<JobName, typeof rest>;

async function open(): Promise<JobQueues> {
  return await openJobQueues({ url: database.url, poolSize: 2, works: true, onError: () => undefined });
}

/** A worker like a process of its own. */
async function work(queues: JobQueues, handlers: Partial<Handlers>, onError: (error: Error) => void = () => undefined) {
  const worker = await startWorker(queues, { ...idle, ...handlers }, { onError });
  stopping.push(async () => {
    worker.stop();
    await queues.stop(5000);
  });
}

const enqueue = (queues: JobQueues, ...eventIds: string[]) =>
  database.db.transaction().execute(async (trx) => {
    for (const eventId of eventIds) await queues.enqueue(trx, 'refresh-listings', { eventIds: [eventId] });
  });

async function listStates(name: string): Promise<string[]> {
  const { rows } = await sql<{ state: string }>`
    SELECT state FROM pgboss.job WHERE name = ${name}`.execute(database.db);
  return rows.map(({ state }) => state);
}

const until = (condition: () => boolean | Promise<boolean>) =>
  vi.waitUntil(condition, { timeout: 30_000, interval: 50 });

test('a job that fails is tried again by itself: the others of its batch are done once', async () => {
  const queues = await open();
  const eventIds = [newId(), newId(), newId()];
  await enqueue(queues, ...eventIds);
  const done: string[] = [];
  const errors: Error[] = [];
  const refresh: Handlers['refresh-listings'] = async ({ eventIds: [eventId = ''] }, { isLastTry }) => {
    expect(isLastTry).toBe(false);
    done.push(eventId);
    if (done.length === 1) throw new Error('no luck');
  };
  await work(queues, { 'refresh-listings': refresh }, (error) => errors.push(error));
  await until(async () => (await listStates('refresh-listings')).every((state) => state === 'completed'));
  expect(done.slice(0, 3).toSorted()).toEqual(eventIds.toSorted());
  expect(done.slice(3)).toEqual([done[0]]);
  expect(errors).toEqual([new Error('the job refresh-listings failed', { cause: new Error('no luck') })]);
});

test('two workers and a recurring job: it runs once per slot', async () => {
  const name = 'delete-expired-sessions';
  const runs: boolean[] = [];
  const sent: Promise<string | null>[] = [];
  for (const queues of [await open(), await open()]) {
    const send = vi.spyOn(queues.boss, 'send');
    await work(queues, { [name]: async (_, { isLastTry }) => void runs.push(isLastTry) });
    sent.push(send.mock.results[send.mock.calls.findIndex(([to]) => to === name)]!.value);
  }
  const made = (await Promise.all(sent)).filter((id) => id !== null);
  // One slot; two if the hour struck just now.
  const { rows: slots } = await sql`SELECT DISTINCT singleton_on FROM pgboss.job WHERE name = ${name}`.execute(
    database.db,
  );
  expect(made).toHaveLength(slots.length);
  await until(async () => (await listStates(name)).every((state) => state === 'completed'));
  // It has one try; the next slot is the next one.
  expect(runs).toEqual(slots.map(() => true));
});

test('stopping waits for the job under way', async () => {
  const queues = await open();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: finish, resolve: letFinish } = Promise.withResolvers<void>();
  const refresh = async () => {
    begin();
    await finish;
  };
  await work(queues, { 'refresh-listings': refresh });
  await enqueue(queues, newId());
  await begun;
  // Well after the stop has begun, well before its time is up.
  setTimeout(letFinish, 500);
  await stopping.pop()!();
  expect(await listStates('refresh-listings')).toEqual(['completed']);
});
