import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createDatabase, type DatabaseSettings, type Db, poolUseOf } from './client.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';
import { errorCodeOf } from './transaction.ts';

let database: TestDatabase;
const opened: Db[] = [];

beforeAll(async () => {
  database = await createTestDatabase(2);
  await sql`CREATE TABLE counters (id int PRIMARY KEY, n bigint NOT NULL)`.execute(database.db);
  await sql`INSERT INTO counters VALUES (1, 0)`.execute(database.db);
});
afterAll(async () => {
  for (const db of opened) await db.destroy();
  await database[Symbol.asyncDispose]();
});

const SHORT = { statementTimeoutMs: 60_000, lockTimeoutMs: 60_000, idleTimeoutMs: 60_000 };

/** A pool of one connection, so that what one statement leaves behind the next one meets. */
function open(settings: Partial<DatabaseSettings> = {}): Db {
  const db = createDatabase({ url: database.url, poolSize: 1, ...settings });
  opened.push(db);
  return db;
}

async function showLimits(db: Db): Promise<string[]> {
  const { rows } = await sql<{ limits: string[] }>`
    SELECT ARRAY[current_setting('statement_timeout'), current_setting('lock_timeout'),
      current_setting('idle_in_transaction_session_timeout')] AS limits`.execute(db);
  return rows[0]!.limits;
}

const codeOf = async (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => errorCodeOf(error),
  );

test('every transaction has its three limits, and leaves none of them behind on its connection', async () => {
  const db = open();
  expect(await db.transaction().execute(showLimits)).toEqual(['2s', '500ms', '5s']);
  expect(await showLimits(db)).toEqual(['0', '0', '0']);
  expect(await open({ limits: 'none' }).transaction().execute(showLimits)).toEqual(['0', '0', '0']);
});

test('a statement longer than its limit is cancelled, and its connection serves the next one', async () => {
  const db = open({ limits: { ...SHORT, statementTimeoutMs: 20 } });
  const slow = db.transaction().execute((trx) => sql`SELECT pg_sleep(60)`.execute(trx));
  expect(await codeOf(slow)).toBe('57014');
  expect((await sql`SELECT 1 AS one`.execute(db)).rows).toEqual([{ one: 1 }]);
});

test('a lock is waited for no longer than its limit', async () => {
  const db = open({ limits: { ...SHORT, lockTimeoutMs: 20 } });
  const lock = sql`SELECT FROM counters WHERE id = 1 FOR UPDATE`;
  await database.db.transaction().execute(async (holder) => {
    await lock.execute(holder);
    expect(await codeOf(db.transaction().execute((trx) => lock.execute(trx)))).toBe('55P03');
  });
  expect(await codeOf(db.transaction().execute((trx) => lock.execute(trx)))).toBe('done');
});

test('a transaction that is left idle is ended by the server, its work with it, and the pool recovers', async () => {
  const onConnectionLost = vi.fn();
  const db = open({ limits: { ...SHORT, idleTimeoutMs: 20 }, onConnectionLost });
  const idle = db.transaction().execute(async (trx) => {
    await sql`UPDATE counters SET n = 99 WHERE id = 1`.execute(trx);
    await vi.waitUntil(() => onConnectionLost.mock.calls.length > 0, { timeout: 30_000 });
  });
  await expect(idle).rejects.toThrow();
  expect(onConnectionLost).toHaveBeenCalledWith(expect.objectContaining({ code: '25P03' }));
  expect((await sql`SELECT n FROM counters WHERE id = 1`.execute(db)).rows).toEqual([{ n: 0 }]);
});

test('a backend that dies under an idle connection or within a transaction ends nothing but that transaction', async () => {
  const onConnectionLost = vi.fn();
  const uncaught = vi.fn();
  process.on('uncaughtException', uncaught);
  const db = open({ onConnectionLost });
  const pidOf = async (on: Db) => (await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(on)).rows[0]!.pid;
  const kill = (pid: number) => sql`SELECT pg_terminate_backend(${pid}, 30000)`.execute(database.db);

  const idle = await pidOf(db);
  await kill(idle);
  await vi.waitUntil(() => onConnectionLost.mock.calls.length + uncaught.mock.calls.length > 0, { timeout: 30_000 });
  const next = await pidOf(db);
  expect(next).not.toBe(idle);

  const transaction = db.transaction().execute(async (trx) => {
    await kill(await pidOf(trx));
    await sql`SELECT 1`.execute(trx);
  });
  await expect(transaction).rejects.toThrow();
  expect(await pidOf(db)).not.toBe(next);

  process.off('uncaughtException', uncaught);
  expect(uncaught.mock.calls).toEqual([]);
  expect(onConnectionLost).toHaveBeenCalledWith(expect.objectContaining({ code: '57P01' }));
});

test('bigint columns are read as numbers, and one that no number can say is refused', async () => {
  const { rows } =
    await sql`SELECT 9007199254740991::bigint AS most, -5::bigint AS less, count(*) AS n FROM counters`.execute(
      database.db,
    );
  expect(rows).toEqual([{ most: Number.MAX_SAFE_INTEGER, less: -5, n: 1 }]);
  await expect(sql`SELECT 9007199254740992::bigint`.execute(database.db)).rejects.toThrow('no safe integer');
  expect((await sql`SELECT 1 AS one`.execute(database.db)).rows).toEqual([{ one: 1 }]);
});

test('how a pool is used can be seen: what is open, what of it idles, and who waits', async () => {
  const db = open();
  expect(poolUseOf(db)).toEqual({ size: 1, open: 0, idle: 0, waiting: 0 });
  const waiting: Promise<unknown>[] = [];
  await db.transaction().execute(async (trx) => {
    await sql`SELECT 1`.execute(trx);
    waiting.push(sql`SELECT 1`.execute(db));
    await vi.waitUntil(() => poolUseOf(db)?.waiting !== 0, { timeout: 30_000 });
    expect(poolUseOf(db)).toEqual({ size: 1, open: 1, idle: 0, waiting: 1 });
    expect(poolUseOf(trx)).toBeNull();
  });
  await Promise.all(waiting);
  expect(poolUseOf(db)).toEqual({ size: 1, open: 1, idle: 1, waiting: 0 });
});
