import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createSeatLocks, noSeatLocks, type SeatClaim, type SeatLocks } from './locks.ts';
import { type Problem, ProblemError } from './problem.ts';
import { createRedis, type RedisConnection } from './redis-connection.ts';
import { describeWithRedis, openTestRedis } from './testing-redis.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface Process {
  locks: SeatLocks;
  connection: RedisConnection;
}

/** Work that goes on until the test lets it end; resolves once it has begun. */
async function beginWork(locks: SeatLocks, claim: SeatClaim): Promise<{ end: (error?: Error) => Promise<void> }> {
  const work = Promise.withResolvers<void>();
  const served = await new Promise<{ done: Promise<void> }>((resolve, reject) => {
    const done = locks.withSeats(claim, () => {
      resolve({ done });
      return work.promise;
    });
    done.catch(reject);
  });
  return {
    async end(error) {
      if (error) work.reject(error);
      else work.resolve();
      const thrown = await served.done.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(thrown).toBe(error);
    },
  };
}

async function problemOf(served: Promise<unknown>): Promise<Problem> {
  const error = await served.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ProblemError) return error.problem;
  throw new Error(`there should have been a problem, but there was ${error}`);
}

const work = async () => 'served';

describeWithRedis('seat locks on a Redis that works', () => {
  let redis: Awaited<ReturnType<typeof openTestRedis>>;
  let here: Process;
  let elsewhere: Process;
  let showId: string;

  /** Another process, as far as Redis can tell. */
  async function openProcess(): Promise<Process> {
    // A machine that is busy with other tests shall not look like an outage.
    const connection = createRedis({ url: redis.url, log: quiet, commandTimeoutMs: 20_000 });
    await new Promise((resolve) => connection.redis.once('ready', resolve));
    return { connection, locks: createSeatLocks({ redis: connection.redis, log: quiet }) };
  }
  async function closeProcess({ locks, connection }: Process): Promise<void> {
    await locks.drain();
    connection.close();
  }
  const claimOf = (userId: string, ...seatIds: string[]): SeatClaim => ({
    ...{ showId, userId, seatIds, idempotencyKey: `${userId} wants ${seatIds}` },
  });

  beforeAll(async () => {
    redis = await openTestRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    showId = randomUUID();
    [here, elsewhere] = await Promise.all([openProcess(), openProcess()]);
  });
  afterEach(async () => {
    // A test that passes by way of an outage has shown nothing.
    const states = [here.locks.state(), elsewhere.locks.state()];
    await Promise.all([closeProcess(here), closeProcess(elsewhere)]);
    expect(states).toEqual(['closed', 'closed']);
  });

  test('two buyers, one seat: the second is refused while the first is served, in every process, and told which seats', async () => {
    const ada = await beginWork(here.locks, claimOf('ada', 'a', 'c', 'e'));
    for (const { locks } of [here, elsewhere]) {
      expect(await problemOf(locks.withSeats(claimOf('bob', 'e', 'd', 'c', 'b'), work))).toEqual({
        code: 'seat_taken',
        seatIds: ['c', 'e'],
      });
    }
    await ada.end();
    expect(await here.locks.withSeats(claimOf('bob', 'e', 'd', 'c', 'b'), work)).toBe('served');
  });

  test('a refused claim locks none of its seats', async () => {
    const ada = await beginWork(here.locks, claimOf('ada', 'a'));
    await problemOf(elsewhere.locks.withSeats(claimOf('bob', 'a', 'b'), work));
    expect(await elsewhere.locks.withSeats(claimOf('eve', 'b'), work)).toBe('served');
    await ada.end();
  });

  test('other seats, and the same seats in another show, do not disturb each other', async () => {
    const ada = await beginWork(here.locks, claimOf('ada', 'a', 'b'));
    const bob = await beginWork(elsewhere.locks, claimOf('bob', 'c', 'd'));
    const eve = await beginWork(elsewhere.locks, { ...claimOf('eve', 'a', 'c'), showId: randomUUID() });
    await Promise.all([ada.end(), bob.end(), eve.end()]);
  });

  test('the seats are free again when the work failed, and its error arrives unchanged', async () => {
    const ada = await beginWork(here.locks, claimOf('ada', 'a'));
    await ada.end(new Error('something broke'));
    expect(await here.locks.withSeats(claimOf('bob', 'a'), work)).toBe('served');
  });

  test('a claim that comes again while the first is under way goes through, in every process', async () => {
    const ada = await beginWork(here.locks, claimOf('ada', 'a', 'b'));
    for (const { locks } of [here, elsewhere])
      expect(await locks.withSeats(claimOf('ada', 'a', 'b'), work)).toBe('served');
    await ada.end();
  });

  test('within a process it goes through even when Redis has lost all and others have the seats now', async () => {
    const ada = await beginWork(here.locks, claimOf('ada', 'a', 'b'));
    await here.connection.redis.del(...(await here.connection.redis.keys(`{${showId}}:*`)));
    const bob = await beginWork(elsewhere.locks, claimOf('bob', 'a', 'b'));
    expect(await here.locks.withSeats(claimOf('ada', 'a', 'b'), work)).toBe('served');
    await Promise.all([ada.end(), bob.end()]);
  });

  test('a claim that comes again after it was served goes through to its answer, whoever tries for its seats', async () => {
    await here.locks.withSeats(claimOf('ada', 'a', 'b'), work);
    const bob = await beginWork(here.locks, claimOf('bob', 'a', 'b'));
    for (const { locks } of [here, elsewhere])
      expect(await locks.withSeats(claimOf('ada', 'a', 'b'), work)).toBe('served');
    await bob.end();
  });

  test('so does one whose work ended in an error that leaves open what was done', async () => {
    for (const error of [new Error('lost'), new ProblemError({ code: 'overloaded', retryAfterMs: 500 })]) {
      const claim = claimOf('ada', randomUUID());
      const ada = await beginWork(here.locks, claim);
      await ada.end(error);
      const bob = await beginWork(here.locks, { ...claim, userId: 'bob' });
      expect(await elsewhere.locks.withSeats(claim, work)).toBe('served');
      await bob.end();
    }
  });

  test('a claim that was refused has no such right', async () => {
    const ada = await beginWork(here.locks, claimOf('ada', 'a'));
    await ada.end(new ProblemError({ code: 'limit_exceeded', limit: 8 }));
    const bob = await beginWork(here.locks, claimOf('bob', 'a'));
    expect(await problemOf(here.locks.withSeats(claimOf('ada', 'a'), work))).toMatchObject({ code: 'seat_taken' });
    await bob.end();
  });

  test("somebody else's claim with the same key is somebody else's", async () => {
    const claim = claimOf('ada', 'a');
    const ada = await beginWork(here.locks, claim);
    for (const { locks } of [here, elsewhere]) {
      expect(await problemOf(locks.withSeats({ ...claim, userId: 'bob' }, work))).toMatchObject({ seatIds: ['a'] });
    }
    await ada.end();
  });

  test('a lock that lapsed in mid-work and that somebody else took since is left to them', async () => {
    const ada = await beginWork(here.locks, claimOf('ada', 'a', 'b'));
    await here.connection.redis.del(`{${showId}}:seat:a`, `{${showId}}:seat:b`);
    const bob = await beginWork(elsewhere.locks, claimOf('bob', 'a', 'b'));
    await ada.end();
    expect(await problemOf(here.locks.withSeats(claimOf('eve', 'b', 'a'), work))).toMatchObject({
      seatIds: ['a', 'b'],
    });
    await bob.end();
  });

  test('a process that dies in mid-work keeps nobody from its seats for longer than three seconds', async () => {
    const ada = await beginWork(here.locks, claimOf('ada', 'a'));
    const leftMs = await here.connection.redis.pttl(`{${showId}}:seat:a`);
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(3000);
    await ada.end();
  });

  test('a claim costs one round trip to lock and one to release, with a hundred seats, too', async () => {
    const seatIds = Array.from({ length: 100 }, () => randomUUID());
    // The first use of a script sends its text.
    await here.locks.withSeats(claimOf('ada', 'a'), work);
    await here.locks.drain();
    const fresh = await openProcess();
    const sent = vi.spyOn(fresh.connection.redis, 'sendCommand');
    await fresh.locks.withSeats(claimOf('ada', ...seatIds), work);
    await closeProcess(fresh);
    expect(sent.mock.calls.map(([command]) => command.name)).toEqual(['evalsha', 'evalsha']);
  });

  test('a refused claim tries once', async () => {
    const ada = await beginWork(here.locks, claimOf('ada', 'a'));
    await problemOf(elsewhere.locks.withSeats(claimOf('bob', 'a'), work));
    const sent = vi.spyOn(elsewhere.connection.redis, 'sendCommand');
    await problemOf(elsewhere.locks.withSeats(claimOf('eve', 'a'), work));
    // Redlock cleans up behind its failures.
    expect(sent.mock.calls.map(([command]) => command.name)).toEqual(['evalsha', 'evalsha']);
    await ada.end();
  });

  test('standing places, and more seats than anybody may have, never go to Redis', async () => {
    const sent = vi.spyOn(here.connection.redis, 'sendCommand');
    const tooMany = Array.from({ length: 101 }, () => randomUUID());
    for (const seatIds of [[], tooMany])
      expect(await here.locks.withSeats(claimOf('ada', ...seatIds), work)).toBe('served');
    expect(sent).not.toHaveBeenCalled();
  });

  test('after the drain Redis holds no lock of ours and is asked for none', async () => {
    await here.locks.withSeats(claimOf('ada', 'a'), work);
    await here.locks.drain();
    expect(await elsewhere.connection.redis.exists(`{${showId}}:seat:a`)).toBe(0);
    const sent = vi.spyOn(here.connection.redis, 'sendCommand');
    expect(await here.locks.withSeats(claimOf('bob', 'a'), work)).toBe('served');
    expect(sent).not.toHaveBeenCalled();
  });
});

test('without Redis the work is just done', async () => {
  const claim = { showId: 'show', userId: 'ada', seatIds: ['a'], idempotencyKey: 'key' };
  expect(await noSeatLocks.withSeats(claim, work)).toBe('served');
  expect(noSeatLocks.state()).toBe('off');
  await noSeatLocks.drain();
});
