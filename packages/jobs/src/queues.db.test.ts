import { newId } from '@evently/db/ids';
import { createTestDatabase, type TestDatabase } from '@evently/db/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobNames } from './jobs.ts';
import { type JobQueues, openJobQueues } from './queues.ts';

let database: TestDatabase;
let queues: JobQueues;
const errors: Error[] = [];

const open = () =>
  openJobQueues({ url: database.url, poolSize: 2, works: false, onError: (error) => errors.push(error) });

beforeAll(async () => {
  database = await createTestDatabase(3);
});
afterAll(async () => {
  await queues.stop(1000);
  await database[Symbol.asyncDispose]();
  expect(errors).toEqual([]);
});

/** The jobs that carry this event, as anybody but their own transaction sees them. */
async function listJobs(eventId: string): Promise<unknown[]> {
  const { rows } = await sql`
    SELECT name, state, data FROM pgboss.job WHERE data @> ${JSON.stringify({ eventIds: [eventId] })}`.execute(
    database.db,
  );
  return rows;
}

test('two processes that open the queues of a new database at once: both can use them', async () => {
  const [one, other] = await Promise.all([open(), open()]);
  queues = one;
  await other.stop(1000);
  const { rows } = await sql<{ name: string }>`SELECT name FROM pgboss.queue`.execute(database.db);
  expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(jobNames));
});

test('a job exists exactly when the transaction that queued it has committed', async () => {
  const eventId = newId();
  const data = { eventIds: [eventId] };
  const rolledBack = database.db.transaction().execute(async (trx) => {
    await queues.enqueue(trx, 'refresh-listings', data);
    throw new Error('changed my mind');
  });
  await expect(rolledBack).rejects.toThrow('changed my mind');
  expect(await listJobs(eventId)).toEqual([]);

  await database.db.transaction().execute(async (trx) => {
    await queues.enqueue(trx, 'refresh-listings', data);
    expect(await listJobs(eventId)).toEqual([]);
  });
  expect(await listJobs(eventId)).toEqual([{ name: 'refresh-listings', state: 'created', data }]);
});

test.each([
  [{ eventIds: [] }],
  [{ eventIds: ['42'] }],
  [{ eventIds: ['01a1f845-1006-73f9-9c12-5b699eb2be28'], force: true }],
])('the payload %j does not fit its job: it is refused, and nothing is queued', async (payload) => {
  const countJobs = () => sql`SELECT count(*) FROM pgboss.job`.execute(database.db);
  const before = await countJobs();
  const queued = database.db.transaction().execute((trx) => queues.enqueue(trx, 'refresh-listings', payload));
  await expect(queued).rejects.toThrow(expect.objectContaining({ name: 'ZodError' }));
  expect((await countJobs()).rows).toEqual(before.rows);
});
