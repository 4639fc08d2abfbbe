import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, expect, inject, test } from 'vitest';
import { createDatabase, type Db } from './client.ts';
import { findPendingMigrations, migrate } from './migrate.ts';
import { withDatabase } from './urls.ts';

const server = createDatabase({ url: withDatabase(inject('testServerUrl'), 'postgres'), poolSize: 1, limits: 'none' });
const closing: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await server.destroy();
});

/** Nothing in it yet, not even a clone of the template; opened twice, as two processes would. */
async function createEmptyDatabase(): Promise<[Db, Db]> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await sql`CREATE DATABASE ${sql.id(name)} TEMPLATE template0`.execute(server);
  closing.push(() => sql`DROP DATABASE ${sql.id(name)} WITH (FORCE)`.execute(server));
  const open = () => {
    const url = withDatabase(inject('testServerUrl'), name);
    const db = createDatabase({ url, poolSize: 1, limits: 'none' });
    closing.push(() => db.destroy());
    return db;
  };
  return [open(), open()];
}

const listTables = async (db: Db) =>
  (await db.introspection.getTables()).map((table) => table.name).filter((name) => !name.startsWith('kysely'));

test('two processes that migrate an empty database at once: one does it all, the other finds it done', async () => {
  const [one, other] = await createEmptyDatabase();
  const all = await findPendingMigrations(one);
  expect(all.slice(0, 3)).toEqual(['0001-accounts', '0002-catalogue', '0003-inventory']);
  const ran = await Promise.all([migrate(one), migrate(other)]);
  expect(ran.toSorted((a, b) => a.length - b.length)).toEqual([[], all]);
  expect(await findPendingMigrations(other)).toEqual([]);
  expect(await migrate(one)).toEqual([]);
});

test('a migration that fails says why and leaves nothing behind, so that the next start does it all', async () => {
  const [db] = await createEmptyDatabase();
  const all = await findPendingMigrations(db);
  await sql`CREATE TABLE bookings (mine int)`.execute(db);
  await expect(migrate(db)).rejects.toThrow('relation "bookings" already exists');
  expect(await listTables(db)).toEqual(['bookings']);
  expect(await findPendingMigrations(db)).toEqual(all);
  await sql`DROP TABLE bookings`.execute(db);
  expect(await migrate(db)).toEqual(all);
});
