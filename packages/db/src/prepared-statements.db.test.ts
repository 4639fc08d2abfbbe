import { CompiledQuery, sql } from 'kysely';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Db, Trx } from './client.ts';
import { executeTogether } from './pipelined-driver.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';
import { inTransaction } from './transaction.ts';

let database: TestDatabase;
let db: Db;

// One connection, so that what it keeps can be looked at.
beforeEach(async () => {
  database = await createTestDatabase(1);
  db = database.db;
  await sql`CREATE TABLE shelf (id int PRIMARY KEY, label text NOT NULL) WITH (autovacuum_enabled = false)`.execute(db);
});
afterEach(() => database[Symbol.asyncDispose]());

const raw = (text: string, ...values: unknown[]) => CompiledQuery.raw(text, values);
const together = (...queries: CompiledQuery[]) => inTransaction(db, (trx) => executeTogether(trx, queries, true));
/** What the connection keeps, as a part of a transaction or of none. */
async function listPrepared(on: Db | Trx = db): Promise<{ name: string; statement: string }[]> {
  const { rows } = await sql<{ name: string; statement: string }>`
    SELECT name, statement FROM pg_prepared_statements WHERE name LIKE 'evently%' ORDER BY prepare_time`.execute(on);
  return rows;
}

test('what travels together is kept prepared, once for each text; what travels alone is not', async () => {
  const put = (id: number) => raw('INSERT INTO shelf VALUES ($1, $2)', id, 'jar');
  await together(put(1));
  await together(put(2), put(3));
  await together(put(4), raw('SELECT label FROM shelf WHERE id = $1', 4));
  await db.executeQuery(raw('SELECT id FROM shelf WHERE label = $1', 'jar'));
  expect((await listPrepared()).map(({ statement }) => statement)).toEqual([
    'INSERT INTO shelf VALUES ($1, $2)',
    'SELECT label FROM shelf WHERE id = $1',
  ]);
});

test('a plan that was made for a small table is made anew when that has grown', async () => {
  const find = raw('SELECT label FROM shelf WHERE id = $1', 1);
  const readPlan = async () => {
    const [kept] = await listPrepared();
    const explain = raw(`EXPLAIN EXECUTE ${kept?.name} (1)`);
    return await inTransaction(db, async (trx) => {
      await sql`SET LOCAL plan_cache_mode = force_generic_plan`.execute(trx);
      const { rows } = await trx.executeQuery<{ 'QUERY PLAN': string }>(explain);
      return rows[0]?.['QUERY PLAN'];
    });
  };
  const grow = () => sql`INSERT INTO shelf SELECT n, 'jar' FROM generate_series(1, 100000) AS n`.execute(db);
  // The first time that a table grows, Postgres itself looks again.
  await grow();
  await sql`DELETE FROM shelf`.execute(db);
  await sql`VACUUM ANALYZE shelf`.execute(db);
  // First it is found out where the connection leads.
  for (let time = 1; time <= 3; time += 1) await together(find);
  expect(await readPlan()).toContain('Seq Scan on shelf');
  await grow();
  expect(await readPlan()).toContain('Seq Scan on shelf');
  await vi.waitFor(
    async () => {
      await together(find);
      expect(await readPlan()).toContain('Index Scan using shelf_pkey on shelf');
    },
    { timeout: 10_000, interval: 50 },
  );
});

test('what travels together is planned for whatever it may be given, what travels alone for what it is given', async () => {
  const find = raw('SELECT label FROM shelf WHERE id = $1', 1);
  await db.connection().execute(async (own) => {
    for (let time = 1; time <= 5; time += 1) await inTransaction(own, (trx) => executeTogether(trx, [find], true));
  });
  const { rows: plans } = await sql`
    SELECT generic_plans > 2 AS many, custom_plans FROM pg_prepared_statements WHERE name LIKE 'evently%'`.execute(db);
  expect(plans).toEqual([{ many: true, custom_plans: 0 }]);
  // Otherwise a search for a common word would be planned as if it were for a rare one.
  const { rows: modes } = await sql`SELECT current_setting('plan_cache_mode') AS mode`.execute(db);
  expect(modes).toEqual([{ mode: 'auto' }]);
});

test('a text that failed before it was prepared, or after, is no obstacle to those that come later', async () => {
  await together(raw('SELECT 1'));
  const divide = (by: number) => raw('SELECT 1 / $1::int AS share', by);
  const count = raw('SELECT count(*)::int AS jars FROM shelf');
  for (let time = 1; time <= 3; time += 1) {
    // What comes after a failure in the same bundle is not even read.
    await expect(together(divide(0), count)).rejects.toMatchObject({ code: '22012' });
    await expect(together(raw('SELECT nothing FROM nowhere'), count)).rejects.toMatchObject({ code: '42P01' });
  }
  const answers = await together(count, divide(1));
  expect(answers.map(({ rows }) => rows)).toEqual([[{ jars: 0 }], [{ share: 1 }]]);
});

test('of ever new texts a bounded number is kept, and the others are served as well', async () => {
  await together(raw('SELECT 0'));
  for (let first = 0; first < 400; first += 50) {
    const texts = Array.from({ length: 50 }, (_, n) => raw(`SELECT ${first + n} AS number`));
    const answers = await together(...texts);
    expect(answers.map(({ rows }) => rows)).toEqual(texts.map((_, n) => [{ number: first + n }]));
  }
  expect((await listPrepared()).length).toBeLessThanOrEqual(256);
});
