import { listViolations } from '@evently/api/integrity/invariants';
import { createRedis } from '@evently/api/redis-connection';
import { describeWithOwnRedis, findRedisServer, startTestRedis, type TestRedis } from '@evently/api/testing-redis';
import { newId, shardOf } from '@evently/db/ids';
import { createTestDatabase, type TestDatabase } from '@evently/db/testing';
import { createEvently } from '@evently/sdk';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Answer, book, hashToken, makeBuyers, startServerOn, workOff } from './test-buyers.ts';
import { admin, cleanUpProcesses, openShow, type RunningServer, signIn } from './test-process.ts';

const BUYERS = 2000;
const SEATS = 300;
const PLACES = 200;
const AT_ONCE = 64;
/** Sales that are asked for once more, at the other process. */
const REPEATS = 50;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

let database: TestDatabase;
/** Null where none can be started: then Postgres does it alone. */
let redis: TestRedis | null = null;
let servers: RunningServer[];

beforeAll(async () => {
  database = await createTestDatabase(3);
  if (findRedisServer() !== null) redis = await startTestRedis();
  const start = () => startServerOn(database.url, redis?.url ?? null);
  // One after the other: the first brings the database up to date.
  servers = [await start()];
  servers.push(await start());
});
afterAll(async () => {
  await cleanUpProcesses();
  await redis?.stop();
  await database[Symbol.asyncDispose]();
});

test('two server processes, one Postgres, one Redis, one show: every place once and none left over, and both know it', async () => {
  const { db } = database;
  const office = await signIn(servers[0]!.url, admin);
  const { showId, standing, seatIds } = await openShow(office, { floor: PLACES });
  const tokens = await makeBuyers(db, BUYERS);

  // Half of them want a place, the others each a seat that two or three more want.
  const answers: Answer[] = [];
  await workOff(tokens.entries(), AT_ONCE, async ([n, token]) => {
    const idempotencyKey = newId();
    const wish =
      n % 4 < 2
        ? { showId, sections: [{ sectionId: standing, quantity: 1 }], idempotencyKey }
        : { showId, seatIds: [seatIds[Math.floor(n / 4) % SEATS]!], idempotencyKey };
    answers[n] = await book(servers[n % 2]!.url, token, wish);
  });
  const count: Record<string, number> = {};
  for (const { places, refused } of answers) {
    const outcome = refused ?? (places > 0 ? 'place' : 'seat');
    count[outcome] = (count[outcome] ?? 0) + 1;
  }
  expect(count).toEqual({
    place: PLACES,
    seat: SEATS,
    sold_out: BUYERS / 2 - PLACES,
    seat_taken: BUYERS / 2 - SEATS,
  });
  expect(new Set(answers.flatMap((answer) => answer.seatIds)).size).toBe(SEATS);

  const kept = await db.selectFrom('bookings').select('id').where('status', '=', 'confirmed').execute();
  const sold = [...answers.entries()].filter(([, { bookingId }]) => bookingId !== null);
  expect(kept.map(({ id }) => id).sort()).toEqual(sold.map(([, { bookingId }]) => bookingId).sort());
  expect(await listViolations(db, { showId, shard: shardOf(showId) })).toEqual([]);

  // Asked again, the other process answers the same booking.
  await workOff(sold.slice(0, REPEATS), AT_ONCE, async ([n, { wish, bookingId }]) => {
    expect(await book(servers[(n + 1) % 2]!.url, tokens[n]!, wish)).toMatchObject({ bookingId });
  });
  const statesAt = async ({ url }: RunningServer) =>
    (await createEvently({ url }).events.seatStates({ showId })).states;
  for (const server of servers) {
    // What is shown may be a moment old.
    await vi.waitUntil(async () => (await statesAt(server)) === 'b'.repeat(SEATS), { timeout: 30_000, interval: 50 });
  }
});

describeWithOwnRedis('two server processes and one Redis', () => {
  test('each hears of the changes that the other one tells: a logout here is told there', async () => {
    const [token = ''] = await makeBuyers(database.db, 1);
    const heard: string[] = [];
    const operator = createRedis({ url: redis?.url ?? '', log: quiet, commandTimeoutMs: 20_000 });
    operator.redis.on('message', (_channel, text) => void heard.push(text));
    await vi.waitUntil(() => operator.redis.status === 'ready', { timeout: 30_000, interval: 2 });
    // How such a change ends a session in memory is tested where memory can be kept from growing old.
    const listening = await operator.redis.pubsub('NUMSUB', 'evently:changes');
    expect(Number(listening[1])).toBeGreaterThanOrEqual(servers.length);
    await operator.redis.subscribe('evently:changes');
    await createEvently({ url: servers[0]!.url, token }).auth.logout();
    const change = JSON.stringify({ kind: 'session', id: hashToken(token) });
    await vi.waitUntil(() => heard.some((text) => text.includes(change)), { timeout: 30_000, interval: 2 });
    operator.close();
  });
});
