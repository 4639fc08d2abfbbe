import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { findRedisServer, startTestRedis } from '@evently/api/testing-redis';
import { createTestDatabase } from '@evently/db/testing';
import { sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { readScrape } from './metrics/testing-text.ts';
import {
  admin,
  cleanUpProcesses,
  findFreePort,
  known,
  makeFolder,
  openShow,
  type RunningServer,
  signIn,
  startServer,
  stopServer,
} from './test-process.ts';

afterEach(cleanUpProcesses);

const until = (condition: () => boolean | Promise<boolean>) =>
  expect.poll(condition, { timeout: 30_000, interval: 50 }).toBe(true);

async function scrape({ url }: RunningServer) {
  return readScrape(await (await fetch(`${url}/metrics`)).text());
}

test('a process that serves and one that works: the first leaves its jobs alone, the second does them, and has no API', async () => {
  await using database = await createTestDatabase(3);
  await using redis = findRedisServer() === null ? null : await startTestRedis();
  const start = async (ROLE: string) => {
    const folder = makeFolder();
    // The last of these is a mistake that a server lives with: what it names is no replica.
    const urls = { DATABASE_URL: database.url, DATABASE_READ_URL: database.url };
    const shared = { ...urls, ...(redis ? { REDIS_URL: redis.url } : { REDIS: 'off' }) };
    const own = { ROLE, DATA_DIR: folder, PORT: String(await findFreePort()), HOLD_SECONDS: '1', SWEEP_SECONDS: '1' };
    return { server: await startServer({ ...known, ...shared, ...own }, folder), outbox: path.join(folder, 'outbox') };
  };
  const http = await start('http');
  const office = await signIn(http.server.url, admin);
  const { showId, standing, seatIds } = await openShow(office);
  const { id: heldId } = await office.bookings.hold({ showId, seatIds: seatIds.slice(0, 2) });
  await office.bookings.book({ showId, sections: [{ sectionId: standing, quantity: 1 }] });

  const holdIsDue = async () => {
    const { rows } = await sql<{ due: boolean }>`
      SELECT expires_at < clock_timestamp() - interval '1 second' AS due FROM bookings WHERE id = ${heldId}`.execute(
      database.db,
    );
    return rows[0]!.due;
  };
  const statusOfHold = async () => {
    const { rows } = await sql<{ status: string }>`SELECT status FROM bookings WHERE id = ${heldId}`.execute(
      database.db,
    );
    return rows[0]!.status;
  };
  const mailJob = async () => {
    const { rows } = await sql<{ state: string }>`
      SELECT state::text FROM pgboss.job WHERE name = 'send-confirmations'`.execute(database.db);
    return rows.map(({ state }) => state);
  };
  const mailsIn = (outbox: string) => (existsSync(outbox) ? readdirSync(outbox).length : 0);

  // A worker would have polled twice and swept once by then.
  await until(holdIsDue);
  expect([await statusOfHold(), await mailJob(), mailsIn(http.outbox)]).toEqual(['held', ['created'], 0]);
  const waiting = await scrape(http.server);
  expect(waiting.value('evently_jobs_waiting{job="send-confirmations"}')).toBe(1);
  expect(waiting.value('evently_jobs_longest_wait_seconds{job="send-confirmations"}')).toBeGreaterThan(0);
  expect(waiting.value('evently_http_connections')).toBeGreaterThan(0);
  expect(waiting.value('evently_database_connections_limit{pool="requests"}')).toBe(10);
  expect(waiting.value(`evently_seat_locks_state{state="${redis ? 'closed' : 'off'}"}`)).toBe(1);
  expect(waiting.value('process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(waiting.value('evently_replica_age_seconds')).toBe(Number.POSITIVE_INFINITY);
  expect(waiting.value('evently_catalogue_reads_total{from="primary"}')).toBeGreaterThan(0);
  expect(http.server.stdout()).toContain('it is no replica');

  const worker = await start('worker');
  await until(async () => (await statusOfHold()) === 'expired');
  await until(async () => (await mailJob())[0] === 'completed');
  expect([mailsIn(worker.outbox), mailsIn(http.outbox)]).toEqual([1, 0]);
  const done = await scrape(worker.server);
  expect(done.value('evently_job_duration_seconds_count{job="send-confirmations",outcome="done"}')).toBe(1);
  const statusOf = async (place: string) => (await fetch(worker.server.url + place)).status;
  expect(await Promise.all(['/health', '/health/ready', '/health/live'].map(statusOf))).toEqual([200, 200, 200]);
  const api = ['/api/v1/events', '/trpc/events.list', '/docs', '/openapi.json'];
  expect(new Set(await Promise.all(api.map(statusOf)))).toEqual(new Set([404]));

  const ended = await Promise.all([stopServer(http.server), stopServer(worker.server)]);
  expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual(Array(2).fill({ code: 0, stderr: '' }));
});
