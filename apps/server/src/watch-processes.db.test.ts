import { setTimeout as sleep } from 'node:timers/promises';
import { createShowPlans } from '@evently/api/box-office/plans';
import { statesAfter } from '@evently/api/live/testing-watch';
import { findSeatStates } from '@evently/api/shows/seats';
import { findRedisServer, startTestRedis, type TestRedis } from '@evently/api/testing-redis';
import { createSeatLayouts } from '@evently/api/venues/seat-layouts';
import { newId } from '@evently/db/ids';
import { createTestDatabase, type TestDatabase } from '@evently/db/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { book, makeBuyers, startServerOn, workOff } from './test-buyers.ts';
import { admin, cleanUpProcesses, openShow, type RunningServer, signIn, stopServer } from './test-process.ts';
import { type WireWatcher, watchOverWire } from './testing-watch.ts';

const WATCHERS = 500;
const BUYERS = 400;
/** Of 300; each is wanted by one or two. */
const SEATS_WANTED = 250;
const AT_ONCE = 16;
/** Watchers who lose their connection, one after another, while the rush is on. */
const RECONNECTS = 150;

let database: TestDatabase;
/** Null where none can be started: then each server finds out from Postgres. */
let redis: TestRedis | null = null;
let servers: RunningServer[];
const start = () => startServerOn(database.url, redis?.url ?? null);

beforeAll(async () => {
  database = await createTestDatabase(3);
  if (findRedisServer() !== null) redis = await startTestRedis();
  // One after the other: the first brings the database up to date.
  servers = [await start()];
  servers.push(await start());
});
afterAll(async () => {
  await cleanUpProcesses();
  await redis?.stop();
  await database[Symbol.asyncDispose]();
});

/** Somebody who watches wherever there is a server, and goes on from where they were when the connection is lost. */
interface Follower {
  /** What came over connections that are gone. */
  before: WireWatcher['events'];
  watcher: WireWatcher | null;
}

const eventsOf = ({ before, watcher }: Follower) => [...before, ...(watcher?.events ?? [])];

async function connect(follower: Follower, showId: string, at: number): Promise<void> {
  follower.before = eventsOf(follower);
  follower.watcher = null;
  const lastEventId = follower.before.at(-1)?.id;
  for (let tries = 0; follower.watcher === null; tries += 1) {
    if (tries > 200) throw new Error('nobody lets a watcher in');
    const { url } = servers[(at + tries) % servers.length]!;
    // The server is gone, or on its way there.
    follower.watcher = await watchOverWire(url, { showId, lastEventId }).catch(() => null);
    if (follower.watcher === null) await sleep(20);
  }
}

test('500 watchers at two servers, connections that break, a server that is restarted: all end with what the database has', async () => {
  const { db } = database;
  const { showId, seatIds } = await openShow(await signIn(servers[0]!.url, admin));
  const tokens = await makeBuyers(db, BUYERS);
  const followers = Array.from({ length: WATCHERS }, (): Follower => ({ before: [], watcher: null }));
  await workOff(followers.entries(), AT_ONCE, ([n, follower]) => connect(follower, showId, n));
  let sold = 0;
  let isOver = false;

  async function buy(): Promise<void> {
    await workOff(tokens.entries(), AT_ONCE, async ([n, token]) => {
      const wish = { showId, seatIds: [seatIds[n % SEATS_WANTED]!], idempotencyKey: newId() };
      // Those whose server goes down find the other one.
      const at = (url: string) => book(url, token, wish).catch(() => null);
      const answer = (await at(servers[n % 2]!.url)) ?? (await at(servers[0]!.url));
      sold += answer?.seatIds.length ?? 0;
    });
  }
  async function breakConnections(): Promise<void> {
    for (let n = 0; n < RECONNECTS; n += 1) {
      const follower = followers[(n * 7) % WATCHERS]!;
      follower.watcher?.hangUp();
      await sleep(5);
    }
  }
  async function restart(): Promise<void> {
    await vi.waitUntil(() => sold > SEATS_WANTED / 3, { timeout: 30_000, interval: 5 });
    expect((await stopServer(servers[1]!)).code).toBe(0);
    servers[1] = await start();
  }
  /** Whoever lost their server finds one again. */
  async function keepConnected(): Promise<void> {
    while (!isOver) {
      const lost = [...followers.entries()].filter(([, { watcher }]) => watcher?.isOver());
      await workOff(lost, AT_ONCE, ([n, follower]) => connect(follower, showId, n));
      await sleep(10);
    }
  }
  const keeping = keepConnected();
  await Promise.all([buy(), breakConnections(), restart()]);

  const { states, version } = await findSeatStates(db, createShowPlans(db, createSeatLayouts(db)), showId);
  expect(sold).toBe(SEATS_WANTED);
  expect([...states].filter((state) => state === 'b')).toHaveLength(SEATS_WANTED);
  const isBehind = (follower: Follower) => eventsOf(follower).at(-1)?.id !== `${version}`;
  await vi.waitUntil(() => !followers.some(isBehind), { timeout: 30_000, interval: 50 });
  isOver = true;
  await keeping;
  expect(new Set(followers.map((follower) => statesAfter(eventsOf(follower))))).toEqual(new Set([states]));
  const kinds = followers.flatMap(eventsOf).map(({ data }) => data.kind);
  expect(kinds.filter((kind) => kind === 'delta').length).toBeGreaterThan(WATCHERS);
  for (const { watcher } of followers) watcher?.hangUp();
});
