import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type DatabaseSettings, type Db } from './client.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';
import { isTransient } from './transaction.ts';

let database: TestDatabase;
const opened: Db[] = [];

beforeAll(async () => {
  database = await createTestDatabase(2);
  await sql`CREATE TABLE counters (id int PRIMARY KEY)`.execute(database.db);
  await sql`INSERT INTO counters VALUES (1)`.execute(database.db);
});
afterAll(async () => {
  for (const db of opened) await db.destroy();
  await database[Symbol.asyncDispose]();
});

const LIMITS = { statementTimeoutMs: 60_000, lockTimeoutMs: 60_000, idleTimeoutMs: 60_000 };

function open(settings: Partial<DatabaseSettings> = {}): Db {
  const db = createDatabase({ url: database.url, poolSize: 1, ...settings });
  opened.push(db);
  return db;
}

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: unknown) => error,
  );

/** What `fn` meets in a transaction, and what the transaction as a whole then throws. */
async function errorsIn(db: Db, fn: (trx: Db) => Promise<unknown>): Promise<unknown[]> {
  let met: unknown;
  const transaction = db.transaction().execute(async (trx) => {
    met = await errorOf(fn(trx));
    throw met;
  });
  const thrown = await errorOf(transaction);
  return [met, thrown];
}

const lock = sql`SELECT FROM counters WHERE id = 1 FOR UPDATE`;

test('a broken connection, a full pool, a server that is not there, a limit that was met: each may pass', async () => {
  const errors = [
    ...(await errorsIn(open({ limits: { ...LIMITS, statementTimeoutMs: 10 } }), (trx) =>
      sql`SELECT pg_sleep(60)`.execute(trx),
    )),
    ...(await errorsIn(open(), async (trx) => {
      const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(trx);
      await sql`SELECT pg_terminate_backend(${rows[0]!.pid}, 30000)`.execute(database.db);
      await sql`SELECT 1`.execute(trx);
    })),
    ...(await database.db.transaction().execute(async (holder) => {
      await lock.execute(holder);
      return await errorsIn(open({ limits: { ...LIMITS, lockTimeoutMs: 10 } }), (trx) => lock.execute(trx));
    })),
  ];
  const small = open();
  await small.connection().execute(async () => {
    errors.push(await errorOf(sql`SELECT 1`.execute(small)));
  });
  for (const url of ['postgres://nobody@127.0.0.1:1/none', 'postgres:///none?host=/nowhere']) {
    errors.push(await errorOf(sql`SELECT 1`.execute(open({ url }))));
  }
  expect(errors).not.toContain('no error');
  expect(errors.filter((error) => !isTransient(error))).toEqual([]);
});

test('a statement that is wrong, a rule that was broken and an error of our own are as wrong a moment later', async () => {
  const errors = [
    await errorOf(sql`SELECT nonsense`.execute(database.db)),
    await errorOf(sql`INSERT INTO counters VALUES (1)`.execute(database.db)),
    await errorOf(sql`SELECT 1 / 0`.execute(database.db)),
    new Error('no luck'),
    'terminated',
  ];
  expect(errors.filter(isTransient)).toEqual([]);
});
