import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createSeatLocks, type SeatClaim, type SeatLocks } from './locks.ts';
import { ProblemError } from './problem.ts';
import { createRedis, type RedisConnection } from './redis-connection.ts';
import { blockFor, describeWithOwnRedis, startTestRedis, type TestRedis } from './testing-redis.ts';

/** A show's seats, where each claim is served after a moment; knows who was served. */
function createWork() {
  let served = 0;
  return {
    count: () => served,
    async work() {
      await sleep(1);
      served += 1;
    },
  };
}

describeWithOwnRedis('seat locks through outages of Redis', () => {
  let redis: TestRedis;
  let connection: RedisConnection;
  let locks: SeatLocks;
  let logged: string[];

  const log = {
    info: (_facts: object, message: string) => void logged.push(message),
    warn: (_facts: object, message: string) => void logged.push(message),
    error: (_facts: object, message: string) => void logged.push(message),
  };
  const newClaim = (...seatIds: string[]): SeatClaim => ({
    showId: 'show',
    userId: randomUUID(),
    seatIds: seatIds.length > 0 ? seatIds : [randomUUID()],
    idempotencyKey: 'key',
  });

  /** Waits, without a claim that would help it along, for what must come by itself. */
  async function untilLocksAre(state: 'open' | 'closed'): Promise<void> {
    while (locks.state() !== state) await sleep(5);
  }
  /** Claims until one finds Redis gone: a busy machine may take a pause for a late answer at first. */
  async function claimUntilOpen(work: () => Promise<void>): Promise<void> {
    while (locks.state() === 'closed') await locks.withSeats(newClaim(), work);
  }
  /** Whether a second claim for the same seat is turned away. */
  async function areSeatsLocked(): Promise<boolean> {
    const seatId = randomUUID();
    const elsewhere = { showId: 'another show' };
    const second = await locks.withSeats({ ...newClaim(seatId), ...elsewhere }, () =>
      locks.withSeats({ ...newClaim(seatId), ...elsewhere }, async () => 'served').catch((error: unknown) => error),
    );
    return second instanceof ProblemError;
  }
  async function untilSeatsAreLocked(): Promise<void> {
    while (!(await areSeatsLocked())) await sleep(5);
  }
  async function openLocks(commandTimeoutMs: number, firstRestMs = 20): Promise<void> {
    connection = createRedis({ url: redis.url, log, commandTimeoutMs });
    locks = createSeatLocks({ redis: connection.redis, log, firstRestMs, longestRestMs: 5 * firstRestMs });
    await untilSeatsAreLocked();
    logged = [];
  }
  async function closeLocks(): Promise<void> {
    await locks.drain();
    connection.close();
  }

  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    logged = [];
    await redis.restart();
    await openLocks(50);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await closeLocks();
  });

  test('Redis is killed: claims go on without it, and when it is back seats are locked again', async () => {
    const { work, count } = createWork();
    await redis.kill();
    await Promise.all(Array.from({ length: 20 }, () => locks.withSeats(newClaim('a'), work)));
    expect(count()).toBe(20);
    await untilLocksAre('open');
    await redis.restart();
    await untilLocksAre('closed');
    expect(await connection.redis.keys('*probe*')).toEqual([]);
    await untilSeatsAreLocked();
    expect(logged).toContain('seats are not locked in Redis for now; Postgres decides as ever');
    expect(logged).toContain('seats are locked in Redis again');
  });

  test('a Redis that is connected again is tried at once, however long the rest was to be', async () => {
    await closeLocks();
    // A slow machine must not keep the one probe from being answered.
    await openLocks(20_000, 3_600_000);
    await redis.kill();
    await claimUntilOpen(async () => {});
    await redis.restart();
    await untilLocksAre('closed');
  });

  test('Redis is killed in mid-work: what is under way ends as if nothing had happened', async () => {
    const { work, count } = createWork();
    await locks.withSeats(newClaim(), async () => {
      await redis.kill();
      await work();
    });
    expect(count()).toBe(1);
    await locks.drain();
  });

  test('Redis hangs: claims go on, those after the first do not ask it, and when it is back seats are locked again', async () => {
    const { work, count } = createWork();
    redis.pause();
    await Promise.all(Array.from({ length: 20 }, () => locks.withSeats(newClaim('a'), work)));
    await claimUntilOpen(work);
    expect(count()).toBeGreaterThanOrEqual(20);
    // Its own probes aside, nothing is sent for a claim.
    const sent = vi.spyOn(connection.redis, 'sendCommand');
    for (let n = 0; n < 20; n += 1) await locks.withSeats(newClaim('b'), work);
    const asked = sent.mock.calls.filter(([command]) => command.args.some((arg) => String(arg).includes('{show}')));
    expect(asked).toEqual([]);
    redis.resume();
    await untilLocksAre('closed');
    await untilSeatsAreLocked();
  });

  test('the first claim that meets a silent Redis is the last, even when it hears answers to earlier questions', async () => {
    await closeLocks();
    await openLocks(400);
    const { redis: client } = connection;
    const long = client.eval("return string.rep('x', 20000000)", 0).catch(() => 'never answered in full');
    await new Promise((resolve) => client.stream.once('data', resolve));
    // In this time Redis fills the way to us; that is read while the claim is under way.
    blockFor(100);
    redis.pause();
    await locks.withSeats(newClaim(), async () => {});
    // It opened; on a busy machine it may be trying again by now.
    expect(locks.state()).not.toBe('closed');
    expect(await long).toBe('never answered in full');
    redis.resume();
  });

  test('Redis hangs in mid-work: what is under way ends without waiting for its release', async () => {
    const { work, count } = createWork();
    await locks.withSeats(newClaim(), async () => {
      redis.pause();
      await work();
    });
    expect(count()).toBe(1);
    // The release that failed tells of the outage before any buyer meets it.
    await untilLocksAre('open');
    redis.resume();
  });

  test('what was asked of a Redis that hung leaves no lock behind when it wakes up', async () => {
    redis.pause();
    await locks.withSeats(newClaim('a'), async () => {});
    await claimUntilOpen(async () => {});
    redis.resume();
    await untilLocksAre('closed');
    expect(await connection.redis.keys('{show}:*')).toEqual([]);
  });

  test('the drain waits for the last release', async () => {
    await closeLocks();
    await openLocks(20_000);
    await locks.withSeats(newClaim(), async () => redis.pause());
    let isDrained = false;
    const drained = locks.drain().then(() => {
      isDrained = true;
    });
    // Time in which an end that waits for nothing would have shown.
    await sleep(50);
    expect(isDrained).toBe(false);
    redis.resume();
    await drained;
  });

  test('Redis is flushed in mid-work: both are served, and the first to end leaves the other its lock', async () => {
    await closeLocks();
    await openLocks(20_000);
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    const ada = locks.withSeats(newClaim('a'), () => first.promise);
    while ((await connection.redis.exists('{show}:seat:a')) === 0) await sleep(1);
    await connection.redis.flushall();
    const bob = locks.withSeats(newClaim('a'), () => second.promise);
    while ((await connection.redis.exists('{show}:seat:a')) === 0) await sleep(1);
    first.resolve();
    await ada;
    // Commands of one connection keep their order, so this comes after the release.
    expect(await connection.redis.exists('{show}:seat:a')).toBe(1);
    second.resolve();
    await bob;
  });

  test('Redis refuses to write: that is an outage like any other', async () => {
    const { work, count } = createWork();
    await connection.redis.config('SET', 'maxmemory', '1');
    await locks.withSeats(newClaim(), work);
    expect(count()).toBe(1);
    await untilLocksAre('open');
    await connection.redis.config('SET', 'maxmemory', '0');
    await untilLocksAre('closed');
  });

  test('a process too busy to read an answer in time does not take that for an outage of Redis', async () => {
    const { work, count } = createWork();
    const claims = Array.from({ length: 20 }, () => locks.withSeats(newClaim(), work));
    // Longer than a command and the release after it may take.
    blockFor(200);
    await Promise.all(claims);
    expect([count(), logged]).toEqual([20, []]);
  });

  test('a release that is answered late is no outage either', async () => {
    await closeLocks();
    await openLocks(500);
    const sent = vi.spyOn(connection.redis, 'evalsha');
    await locks.withSeats(newClaim(), async () => redis.pause());
    await expect(sent.mock.results.at(-1)?.value).rejects.toThrow('Command timed out');
    redis.resume();
    await locks.drain();
    expect([locks.state(), logged]).toEqual(['closed', []]);
  });

  test('killed, paused, flushed and restarted in a rush: every claim is served or told of a seat, none gets an error', async () => {
    const { work, count } = createWork();
    let refused = 0;
    let isOver = false;
    const buyer = async () => {
      while (!isOver) {
        await locks.withSeats(newClaim(String(Math.floor(Math.random() * 20))), work).catch((error: unknown) => {
          if (!(error instanceof ProblemError) || error.problem.code !== 'seat_taken') throw error;
          refused += 1;
        });
        // Refusals alone would never let anything else have its turn.
        await sleep(1);
      }
    };
    const buyers = Array.from({ length: 32 }, buyer);
    const trouble = async () => {
      while (refused === 0) await sleep(5);
      for (let round = 0; round < 3; round += 1) {
        await sleep(60);
        await connection.redis.flushall().catch(() => {});
        await sleep(60);
        redis.pause();
        await sleep(120);
        redis.resume();
        await sleep(60);
        await redis.kill();
        await sleep(60);
        await redis.restart();
      }
      isOver = true;
    };
    await Promise.all([trouble(), ...buyers]);
    expect(count()).toBeGreaterThan(0);
    await untilLocksAre('closed');
  });
});
