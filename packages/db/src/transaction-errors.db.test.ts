import { once } from 'node:events';
import net from 'node:net';
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

async function pidOf(db: Db): Promise<number> {
  const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(db);
  return rows[0]!.pid;
}

const kill = (pid: number) => sql`SELECT pg_terminate_backend(${pid}, 30000)`.execute(database.db);

/** How a caller fares for whom no connection becomes free. */
async function errorOfFullPool(): Promise<unknown> {
  const db = open();
  return await db.connection().execute(() => errorOf(sql`SELECT 1`.execute(db)));
}

/** How a caller fares whose server accepts connections and then says nothing. */
async function errorOfMuteServer(): Promise<unknown> {
  const server = net.createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as net.AddressInfo;
  const error = await errorOf(sql`SELECT 1`.execute(open({ url: `postgres://nobody@127.0.0.1:${port}/none` })));
  server.close();
  return error;
}

test('a limit that was met, a connection that broke, a pool that is full, a server that is away: each may pass', async () => {
  const errors: unknown[] = [];
  const waits = open({ limits: { ...LIMITS, lockTimeoutMs: 10 } });
  await database.db.transaction().execute(async (holder) => {
    await lock.execute(holder);
    errors.push(...(await errorsIn(waits, (trx) => lock.execute(trx))));
  });
  const sleep = sql`SELECT pg_sleep(60)`;
  const short = open({ limits: { ...LIMITS, statementTimeoutMs: 10 } });
  errors.push(...(await errorsIn(short, (trx) => sleep.execute(trx))));
  const killedAtWork = async (trx: Db) => {
    const pid = await pidOf(trx);
    await Promise.all([sleep.execute(trx), kill(pid)]);
  };
  const killedBefore = async (trx: Db) => {
    await kill(await pidOf(trx));
    await sql`SELECT 1`.execute(trx);
  };
  errors.push(...(await errorsIn(open(), killedAtWork)), ...(await errorsIn(open(), killedBefore)));
  errors.push(...(await Promise.all([errorOfFullPool(), errorOfMuteServer()])));
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
