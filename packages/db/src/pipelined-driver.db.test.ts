import { CompiledQuery, sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Db, Trx } from './client.ts';
import { executeTogether } from './pipelined-driver.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';
import { inTransaction } from './transaction.ts';

let database: TestDatabase;
let db: Db;

beforeAll(async () => {
  database = await createTestDatabase(2);
  db = database.db;
  await sql`CREATE TABLE shelf (id int PRIMARY KEY, label text NOT NULL)`.execute(db);
});
afterAll(() => database[Symbol.asyncDispose]());

const raw = (text: string, ...values: unknown[]) => CompiledQuery.raw(text, values);
const put = (id: number, label = 'jar') => raw('INSERT INTO shelf VALUES ($1, $2)', id, label);
const ids = async (on: Db = db) => {
  const { rows } = await sql<{ id: number }>`SELECT id FROM shelf ORDER BY id`.execute(on);
  return rows.map(({ id }) => id);
};
const inBundle = (work: (trx: Trx) => Promise<unknown>) => inTransaction(db, work);

test('statements that travel together run in their order, see each other, and answer each for itself', async () => {
  await inBundle(async (trx) => {
    const [inserted, found, renamed] = await executeTogether(trx, [
      put(1),
      raw('SELECT label FROM shelf WHERE id = $1', 1),
      raw('UPDATE shelf SET label = $1', 'tin'),
    ]);
    expect(inserted.numAffectedRows).toBe(1n);
    expect(found.rows).toEqual([{ label: 'jar' }]);
    expect(renamed.numAffectedRows).toBe(1n);
  });
  expect(await ids()).toContain(1);
});

test('the first that fails is what is thrown, nothing of the bundle stays, and the connection serves on', async () => {
  const broken = inBundle((trx) => executeTogether(trx, [put(10), put(10), put(11)]));
  await expect(broken).rejects.toMatchObject({ code: '23505' });
  await expect(inBundle((trx) => executeTogether(trx, [put(12), put(12)], true))).rejects.toMatchObject({
    code: '23505',
  });
  const kept = await Promise.all([ids(), ids(), ids()]);
  for (const found of kept) for (const id of [10, 11, 12]) expect(found).not.toContain(id);
});

test('a commit that travels along is one: others see what was done before the transaction has returned', async () => {
  await inBundle(async (trx) => {
    await executeTogether(trx, [put(20)], true);
    expect(await ids()).toContain(20);
  });
});

test('what comes after a commit that travelled along is not in the transaction, and fails no later than that', async () => {
  const late = inBundle(async (trx) => {
    await executeTogether(trx, [put(30)], true);
    throw new Error('too late');
  });
  await expect(late).rejects.toThrow('too late');
  expect(await ids()).toContain(30);
});

test('a transaction that fails between its bundles leaves nothing behind, one in which nothing is done neither', async () => {
  const failed = inBundle(async (trx) => {
    await executeTogether(trx, [put(40)]);
    throw new Error('changed my mind');
  });
  await expect(failed).rejects.toThrow('changed my mind');
  await inBundle(async () => undefined);
  await expect(inBundle(() => Promise.reject(new Error('at once')))).rejects.toThrow('at once');
  expect(await ids()).not.toContain(40);
  const { rows } = await sql<{ open: number }>`SELECT count(*)::int AS open FROM pg_stat_activity
    WHERE datname = current_database() AND state LIKE 'idle in transaction%'`.execute(db);
  expect(rows).toEqual([{ open: 0 }]);
});

test('the limits of a transaction hold from its first statement on', async () => {
  const limits = await inBundle(async (trx) => {
    const { rows } = await sql<{ lock: string }>`SELECT current_setting('lock_timeout') AS lock`.execute(trx);
    return rows[0]?.lock;
  });
  expect(limits).toBe('500ms');
  const { rows } = await sql<{ lock: string }>`SELECT current_setting('lock_timeout') AS lock`.execute(db);
  expect(rows[0]?.lock).toBe('0');
});

test('a connection that breaks under a bundle fails it as a whole, and is not used again', async () => {
  const broken = inBundle(async (trx) => {
    const [{ rows }] = await executeTogether(trx, [raw('SELECT pg_backend_pid() AS pid'), put(50)]);
    const [row] = rows as { pid: number }[];
    await sql`SELECT pg_terminate_backend(${row!.pid})`.execute(db);
    await executeTogether(trx, [put(51), put(52)], true);
  });
  await expect(broken).rejects.toThrow();
  const kept = await Promise.all([ids(), ids(), ids()]);
  for (const found of kept) for (const id of [50, 51, 52]) expect(found).not.toContain(id);
});

test('a commit that Postgres answers with a rollback is none', async () => {
  const swallowed = inBundle(async (trx) => {
    await executeTogether(trx, [put(60)]);
    await executeTogether(trx, [put(60)]).catch(() => undefined);
    await executeTogether(trx, [], true);
  });
  await expect(swallowed).rejects.toThrow();
  expect(await ids()).not.toContain(60);
});
