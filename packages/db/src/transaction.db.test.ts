import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Trx } from './client.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';
import { constraintOf, errorCodeOf, inTransaction } from './transaction.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase(5);
  await sql`CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL)`.execute(database.db);
});
afterAll(() => database[Symbol.asyncDispose]());

const add = (id: number, by: number) => sql`UPDATE counters SET n = n + ${by} WHERE id = ${id}`;

/** Two counters of a test's own, at zero. */
async function newCounters(...ids: number[]): Promise<void> {
  for (const id of ids) await sql`INSERT INTO counters VALUES (${id}, 0)`.execute(database.db);
}

async function valuesOf(...ids: number[]): Promise<number[]> {
  const { rows } = await sql<{ n: number }>`
    SELECT n FROM counters WHERE id = ANY(${ids}) ORDER BY id`.execute(database.db);
  return rows.map(({ n }) => n);
}

test('what answers is committed, what throws is rolled back and not tried again', async () => {
  await newCounters(1);
  expect(
    await inTransaction(database.db, async (trx) => {
      await add(1, 1).execute(trx);
      return 'done';
    }),
  ).toBe('done');
  let tries = 0;
  const failing = inTransaction(database.db, async (trx) => {
    tries += 1;
    await add(1, 10).execute(trx);
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  expect([tries, await valuesOf(1)]).toEqual([1, [1]]);
});

test('an error of Postgres that trying again cannot mend comes through at once, with its code and constraint', async () => {
  await newCounters(2);
  let tries = 0;
  const error: unknown = await inTransaction(database.db, async (trx) => {
    tries += 1;
    await sql`INSERT INTO counters VALUES (2, 0)`.execute(trx);
  }).catch((cause: unknown) => cause);
  expect([tries, errorCodeOf(error), constraintOf(error)]).toEqual([1, '23505', 'counters_pkey']);
});

/** Reads a counter as of the snapshot, lets `meanwhile` change it, and then writes: Postgres must refuse with 40001. */
async function addAfter(trx: Trx, id: number, meanwhile: () => Promise<unknown>): Promise<void> {
  await sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`.execute(trx);
  await sql`SELECT n FROM counters WHERE id = ${id}`.execute(trx);
  await meanwhile();
  await add(id, 1).execute(trx);
}

test('a serialization failure is tried again from the start', async () => {
  await newCounters(3);
  let tries = 0;
  await inTransaction(database.db, async (trx) => {
    tries += 1;
    await addAfter(trx, 3, async () => tries === 1 && (await add(3, 10).execute(database.db)));
  });
  expect([tries, await valuesOf(3)]).toEqual([2, [11]]);
});

test('three failures in a row are the end of it', async () => {
  await newCounters(4);
  let tries = 0;
  const error: unknown = await inTransaction(database.db, async (trx) => {
    tries += 1;
    await addAfter(trx, 4, () => add(4, 10).execute(database.db));
  }).catch((cause: unknown) => cause);
  expect([errorCodeOf(error), tries, await valuesOf(4)]).toEqual(['40001', 3, [30]]);
});

test('two transactions in a deadlock: Postgres ends one of them, it is tried again, and both come through', async () => {
  await newCounters(5, 6);
  const { promise: bothHoldOne, resolve } = Promise.withResolvers<void>();
  let tries = 0;
  let holders = 0;
  const lockBoth = (first: number, second: number) =>
    inTransaction(database.db, async (trx) => {
      tries += 1;
      // The server looks for deadlocks after a second, unless told otherwise; our locks time out before that.
      await sql`SET LOCAL deadlock_timeout = '10ms'`.execute(trx);
      await sql`SET LOCAL lock_timeout = '60s'`.execute(trx);
      await add(first, 1).execute(trx);
      holders += 1;
      if (holders === 2) resolve();
      await bothHoldOne;
      await add(second, 1).execute(trx);
    });
  await Promise.all([lockBoth(5, 6), lockBoth(6, 5)]);
  expect([tries, await valuesOf(5, 6)]).toEqual([3, [2, 2]]);
});
