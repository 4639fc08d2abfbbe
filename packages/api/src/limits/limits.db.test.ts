import type { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';
import { createRedis } from '../redis-connection.ts';
import { newKey } from '../testing.ts';
import { describeWithOwnRedis, describeWithRedis, openTestRedis, startTestRedis } from '../testing-redis.ts';
import { createLimits, type Limits } from './limits.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const QUARTER_HOUR_MS = 15 * 60_000;
const calls = { general: 10, booking: 4, login: 5, register: 3 };

let opened = new AsyncDisposableStack();
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

/** The limits of one process; answers that a busy machine delays are waited for, unless a test says otherwise. */
async function openProcess(url: string, commandTimeoutMs = 10_000): Promise<{ limits: Limits; redis: Redis }> {
  const { redis, close } = createRedis({ url, log, commandTimeoutMs });
  opened.defer(close);
  await untilReady(redis);
  const limits = createLimits({ calls, redis, log });
  opened.defer(() => limits.close());
  return { limits, redis };
}

async function untilReady(redis: Redis): Promise<void> {
  if (redis.status !== 'ready') await new Promise((resolve) => redis.once('ready', resolve));
}

/** How many calls the caller had left; takes them. */
function takeAll(limits: Limits, who: string): number {
  let taken = 0;
  while (limits.count('general', who) === 0) taken += 1;
  return taken;
}

const times = (count: number, act: () => void) => Array.from({ length: count }).forEach(act);

describeWithRedis('limits of several processes', () => {
  test('are one limit: what one counted, the others know', async () => {
    await using server = await openServer();
    const [a, b] = [await openProcess(server.url), await openProcess(server.url)];
    const who = newKey();
    times(4, () => a.limits.charge('general', who));
    await a.limits.share();
    times(3, () => b.limits.charge('general', who));
    await b.limits.share();
    expect(takeAll(b.limits, who)).toBe(3);
    expect(takeAll(a.limits, newKey())).toBe(10);
    await b.limits.close();
    a.limits.charge('general', who);
    await a.limits.share();
    expect(takeAll(a.limits, who)).toBe(0);
  });

  test('know of each other without being told to', async () => {
    await using server = await openServer();
    const [a, b] = [await openProcess(server.url), await openProcess(server.url)];
    const who = newKey();
    times(10, () => a.limits.charge('general', who));
    // Until the first process has told, the second has nothing to hear.
    await expect.poll(() => a.redis.exists(`evently:limit:{general}:${who}`), { timeout: 20_000 }).toBe(1);
    b.limits.charge('general', who);
    await expect.poll(() => b.limits.isOver('general', who), { timeout: 20_000 }).not.toBe(null);
  });

  test('end together: a process that comes late gets the rest of the window, and Redis forgets it then', async () => {
    await using server = await openServer();
    const [a, b] = [await openProcess(server.url), await openProcess(server.url)];
    const who = newKey();
    a.limits.charge('general', who);
    await a.limits.share();
    const key = `evently:limit:{general}:${who}`;
    expect(await a.redis.pttl(key)).toBeGreaterThan(0);
    // It forgets the window when the one after it would be over, too.
    await a.redis.pexpire(key, QUARTER_HOUR_MS + 60_000);
    b.limits.charge('general', who);
    await b.limits.share();
    takeAll(b.limits, who);
    expect(b.limits.isOver('general', who)).toBeLessThanOrEqual(60_000);
  });

  test('count on from the window before, in a process that was not there then', async () => {
    await using server = await openServer();
    const [a, b] = [await openProcess(server.url), await openProcess(server.url)];
    const who = newKey();
    times(10, () => a.limits.charge('general', who));
    await a.limits.share();
    // It has been over for a minute: nine and a third of the ten still count.
    await a.redis.pexpire(`evently:limit:{general}:${who}`, QUARTER_HOUR_MS - 60_000);
    b.limits.charge('general', who);
    await b.limits.share();
    expect(takeAll(b.limits, who)).toBe(0);
    expect(b.limits.isOver('general', who)).toBeLessThanOrEqual(30_000);
  });

  test('more callers than one command may name are all told of, in turns', async () => {
    await using server = await openServer();
    const { limits, redis } = await openProcess(server.url);
    const prefix = newKey();
    for (let n = 0; n < 1200; n += 1) limits.charge('general', `${prefix}-${n}`);
    for (let n = 0; n < 3; n += 1) await limits.share();
    const keys = Array.from({ length: 1200 }, (_, n) => `evently:limit:{general}:${prefix}-${n}`);
    expect(await redis.exists(...keys)).toBe(1200);
  });
});

async function openServer(): Promise<{ url: string } & AsyncDisposable> {
  const { url, stop } = await openTestRedis();
  return { url, [Symbol.asyncDispose]: stop };
}

describeWithOwnRedis('limits whose Redis is in trouble', () => {
  test('hold in each process while Redis is dead; what was counted meanwhile is told when it is back', async () => {
    await using server = await startTestRedis();
    const [a, b] = [await openProcess(server.url), await openProcess(server.url)];
    await server.kill();
    for (const { limits } of [a, b]) {
      expect(takeAll(limits, 'dead')).toBe(10);
      times(4, () => limits.charge('general', 'back'));
      await limits.share();
    }
    await server.restart();
    await Promise.all([untilReady(a.redis), untilReady(b.redis)]);
    for (const { limits } of [a, b]) await limits.share();
    expect(takeAll(b.limits, 'back')).toBe(2);
    expect(takeAll(a.limits, 'dead')).toBe(0);
  });

  test('hold in each process while Redis hangs, and nobody waits; no call is counted twice after it', async () => {
    await using server = await startTestRedis();
    const [a, b] = [await openProcess(server.url, 20), await openProcess(server.url)];
    server.pause();
    times(2, () => a.limits.charge('general', 'hung'));
    expect(takeAll(a.limits, 'busy')).toBe(10);
    await a.limits.share();
    server.resume();
    await expect.poll(() => b.redis.hget('evently:limit:{general}:hung', 'count'), { timeout: 20_000 }).toBe('2');
    await a.limits.share();
    b.limits.charge('general', 'hung');
    await b.limits.share();
    expect(takeAll(b.limits, 'hung')).toBe(7);
  });

  test('tell in the log once that they are not shared, and once that they are again', async () => {
    await using server = await startTestRedis();
    const { redis, close } = createRedis({ url: server.url, log, commandTimeoutMs: 20 });
    opened.defer(close);
    await untilReady(redis);
    const lines: string[] = [];
    const write = (_facts: object, message: string) => void lines.push(message);
    const limits = createLimits({ calls, redis, log: { info: write, warn: write, error: write } });
    opened.defer(() => limits.close());
    const shareSomething = async () => {
      limits.count('general', newKey());
      await limits.share();
    };
    server.pause();
    for (let n = 0; n < 5; n += 1) await shareSomething();
    expect(lines).toEqual(['limits are counted by each process alone for now']);
    server.resume();
    await expect
      .poll(() => shareSomething().then(() => lines), { timeout: 20_000 })
      .toEqual(['limits are counted by each process alone for now', 'limits are shared through Redis again']);
  });

  test('survive a Redis that was flushed: nobody gets back what was counted here', async () => {
    await using server = await startTestRedis();
    const { limits, redis } = await openProcess(server.url);
    times(9, () => limits.charge('general', 'flushed'));
    await limits.share();
    await redis.flushall();
    limits.charge('general', 'flushed');
    await limits.share();
    expect(takeAll(limits, 'flushed')).toBe(0);
  });
});
