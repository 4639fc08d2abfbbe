import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { listViolations } from '@evently/api/integrity/invariants';
import type { Db } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import { createTestDatabase } from '@evently/db/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rushCommand } from '../commands/rush.ts';
import { silentProgress } from '../progress.ts';
import { readSettings } from '../settings.ts';
import { startTestServer, type TestServer } from '../testing.ts';
import type { Display } from './display.ts';
import type { RushOptions } from './plan.ts';
import { type RaceResult, race } from './race.ts';
import { judge, runRush } from './run.ts';
import { prepareStage, type Stage } from './stage.ts';
import { createStyle } from './style.ts';
import { describeVerdict, exitCodeOf, type Verdict } from './verdict.ts';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  server = await startTestServer();
  folder = await mkdtemp(path.join(tmpdir(), 'evently-rush-'));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const style = createStyle({ colours: false, unicode: true });
const unseen: Display = { show: () => undefined, end: () => undefined };
const small: RushOptions = { buyers: 20, seats: 14, places: 8, seconds: 2, price: 2500, seed: 1 };

/** `pnpm evently rush …` against the test server, with what it prints. */
async function runCommand(options: Partial<RushOptions>, databaseUrl = server.databaseUrl) {
  const printed: string[] = [];
  const typed = Object.entries({ ...small, ...options }).map(([name, value]) => [name, String(value)]);
  const code = await rushCommand.run({
    settings: readSettings({ DATABASE_URL: databaseUrl, DATA_DIR: path.join(folder, 'data') }),
    progress: silentProgress,
    options: { url: server.url, ...Object.fromEntries(typed) },
    print: (text) => void printed.push(text),
  });
  return { code, text: stripVTControlCharacters(printed.join('\n')) };
}

/** The newest show, as the database counts it. */
async function countShow() {
  const { rows } = await sql<Record<'capacity' | 'left' | 'sold' | 'held' | 'bookings', number> & { showId: string }>`
    SELECT s.id AS "showId",
      (SELECT sum(capacity)::int FROM show_sections WHERE show_id = s.id) AS capacity,
      (SELECT sum(capacity - held - sold - blocked)::int FROM show_sections WHERE show_id = s.id) AS left,
      (SELECT count(*)::int FROM tickets WHERE show_id = s.id AND status = 'valid') AS sold,
      (SELECT count(*)::int FROM tickets WHERE show_id = s.id AND status = 'held') AS held,
      (SELECT count(*)::int FROM bookings WHERE show_id = s.id AND status = 'confirmed') AS bookings
    FROM shows s ORDER BY s.created_at DESC LIMIT 1`.execute(server.db);
  return rows[0]!;
}

async function countRows(table: 'users' | 'venues' | 'shows' | 'sessions', db: Db = server.db): Promise<number> {
  return (await db.selectFrom(table).select('id').execute()).length;
}

test('a small rush sells what the database says it sold, leaves no hold and no session behind, and passes', async () => {
  const { code, text } = await runCommand({});
  const { showId, capacity, sold, left, held, bookings } = await countShow();
  expect(text).toContain(`  Sold      ${sold} of 22 tickets in ${bookings} bookings, for ${sold * 25}.00 EUR`);
  expect(text).toContain('  Errors    0');
  expect(text).toContain('✓ I1 a seat of a show is named by at most one live ticket');
  expect(text).toContain('✓ every sale that a buyer was told of is in the database');
  expect(text).not.toContain('✗');
  expect(text).toContain('Nothing was sold twice, and nothing was lost.');
  expect(code).toBe(0);
  expect(sold).toBeGreaterThan(0);
  expect([capacity, held]).toEqual([22, 0]);
  expect(sold + left).toBe(capacity);
  expect(await listViolations(server.db, { showId, shard: shardOf(showId) })).toEqual([]);
  expect(await countRows('sessions')).toBe(0);
});

test('the next rush finds the buyers and the hall of the one before', async () => {
  const options = { seed: 2, price: 0 };
  expect((await runCommand(options)).code).toBe(0);
  const count = async () => [await countRows('users'), await countRows('venues'), await countRows('shows')];
  const [users = 0, venues = 0, shows = 0] = await count();
  expect((await runCommand(options)).code).toBe(0);
  expect(await count()).toEqual([users, venues, shows + 1]);
});

test('a server over another database is not raced against, since nobody could check it', async () => {
  await using other = await createTestDatabase();
  await expect(runCommand({}, other.url)).rejects.toThrow(/works on another database/);
  expect([await countRows('shows', other.db), await countRows('sessions', other.db)]).toEqual([0, 0]);
});

test('a rush that is stopped gives back what is held, and has its verdict so far', async () => {
  const stop = new AbortController();
  const printed: string[] = [];
  const code = await runRush({
    services: server.services,
    url: server.url,
    // One of the first buyers of this seed walks away from a hold that lasts twelve seconds.
    options: { ...small, seats: 60, places: 0, seconds: 60, seed: 8 },
    progress: silentProgress,
    display: { ...unseen, show: ({ buyers }) => buyers.changed > 0 && stop.abort() },
    style,
    columns: () => 80,
    print: (text) => void printed.push(text),
    stop: stop.signal,
  });
  const { showId, capacity, sold, left, held } = await countShow();
  const text = stripVTControlCharacters(printed.join('\n'));
  expect(text).toMatch(/Rush [\d:]+ was stopped after/);
  expect(text).toContain(`  Sold      ${sold} of 60 tickets`);
  expect(text).not.toContain('✗');
  expect(code).toBe(130);
  expect([held, sold + left]).toEqual([0, capacity]);
  const given = server.db.selectFrom('bookings').select('id').where('show_id', '=', showId);
  expect((await given.where('status', '=', 'released').execute()).length).toBeGreaterThan(0);
  expect(await countRows('sessions')).toBe(0);
});

/** A race that is over, and the verdict on it after `damage` was done to the database; the damage is undone again. */
async function judgeAfter(stage: Stage, result: RaceResult, damage: (db: Db) => Promise<unknown>): Promise<Verdict> {
  const undone = new Error('undone');
  let verdict: Verdict | undefined;
  const judged = server.db.transaction().execute(async (trx) => {
    await damage(trx);
    verdict = await judge(trx, stage, result);
    throw undone;
  });
  await judged.catch((error: unknown) => {
    if (error !== undone) throw error;
  });
  return verdict!;
}

/** What a verdict marks as broken. */
const brokenIn = (verdict: Verdict) =>
  describeVerdict(verdict, style, 200)
    .filter((line) => line.includes('✗'))
    .map((line) => line.trim().slice(2));

test('whatever is damaged by hand afterwards is found, and fails the rush', async () => {
  const stage = await prepareStage(server.services, server.url, { ...small, seed: 4 }, silentProgress);
  await using _ = { [Symbol.asyncDispose]: stage.close };
  const result = await race(stage, { ...small, seed: 4 }, unseen, new AbortController().signal);
  const { showId } = stage.show;
  const nothing = async () => undefined;
  const sound = await judgeAfter(stage, result, nothing);
  expect([brokenIn(sound), exitCodeOf(sound)]).toEqual([[], 0]);

  const seated = result.tally.sales.find(({ tickets }) => tickets[0]?.seatId)!;
  const untold = { ...result.tally, sales: result.tally.sales.slice(1) };
  const twice = { ...seated, bookingId: '00000000-0000-7000-8000-000000000000' };
  const damages: [damage: (db: Db) => Promise<unknown>, of: RaceResult, found: RegExp][] = [
    [
      (db) => sql`UPDATE show_sections SET sold = sold - 1 WHERE show_id = ${showId} AND sold > 0`.execute(db),
      result,
      /^I2/,
    ],
    [
      async (db) => {
        await sql`DROP INDEX tickets_live_seat`.execute(db);
        await sql`UPDATE tickets SET seat_id = ${seated.tickets[0]?.seatId} WHERE show_id = ${showId} AND status = 'valid'`.execute(
          db,
        );
      },
      result,
      /^I1/,
    ],
    [
      (db) => sql`UPDATE bookings SET total = 1 WHERE id = ${seated.bookingId}`.execute(db),
      result,
      /^every sale that a buyer was told of/,
    ],
    [
      (db) => sql`DELETE FROM tickets WHERE booking_id = ${seated.bookingId}`.execute(db),
      result,
      /^every sale that a buyer was told of/,
    ],
    [
      (db) => sql`UPDATE bookings SET user_id = id WHERE id = ${seated.bookingId}`.execute(db),
      result,
      /^every sale that a buyer was told of/,
    ],
    [
      (db) => sql`UPDATE bookings SET status = 'released' WHERE id = ${seated.bookingId}`.execute(db),
      result,
      /^every sale that a buyer was told of/,
    ],
    [nothing, { ...result, tally: untold }, /^every sale in the database is one that its buyer/],
    [nothing, { ...result, tally: { ...result.tally, sales: [...result.tally.sales, twice] } }, /^no two buyers/],
    [nothing, { ...result, states: null }, /^the public map/],
    [nothing, { ...result, states: { ...result.states!, states: 'a'.repeat(14) } }, /^the public map/],
  ];
  for (const [damage, of, found] of damages) {
    const verdict = await judgeAfter(stage, of, damage);
    expect(brokenIn(verdict)).toContainEqual(expect.stringMatching(found));
    expect(exitCodeOf(verdict)).toBe(1);
  }
});

test('a sale whose answer was lost is no broken promise, but is told', async () => {
  const stage = await prepareStage(server.services, server.url, { ...small, seed: 5 }, silentProgress);
  await using _ = { [Symbol.asyncDispose]: stage.close };
  const result = await race(stage, { ...small, seed: 5 }, unseen, new AbortController().signal);
  const [lost, ...sales] = result.tally.sales;
  const tally = { ...result.tally, sales, unanswered: new Set([lost!.userId]) };
  const { findings } = await judge(server.db, stage, { ...result, tally });
  expect(findings).toContainEqual({
    name: '',
    holds: expect.stringContaining('had the answer arrived (1)'),
    violations: [],
  });
});
