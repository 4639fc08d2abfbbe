import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { createRedis } from './redis-connection.ts';
import { describeWithOwnRedis, startTestRedis } from './testing-redis.ts';

function createLog() {
  const lines: string[] = [];
  const write = (facts: object, message: string) => void lines.push(JSON.stringify({ ...facts, message }));
  return { lines, log: { info: write, warn: write, error: write } };
}

async function untilReady(redis: Redis): Promise<void> {
  if (redis.status !== 'ready') await new Promise((resolve) => redis.once('ready', resolve));
}

test('without a Redis nothing throws, commands fail at once, and the log says once what it was for', async () => {
  const { lines, log } = createLog();
  const { redis, close } = createRedis({ url: '/nowhere/redis.sock', log, use: 'test' });
  await expect(redis.ping()).rejects.toThrow("isn't writeable");
  let tries = 0;
  redis.on('error', () => {
    tries += 1;
  });
  while (tries < 3) await sleep(5);
  expect(lines).toEqual([
    '{"use":"test","reason":"connect ENOENT /nowhere/redis.sock","message":"Redis cannot be reached; trying again in the background"}',
  ]);
  close();
  const before = tries;
  await sleep(300);
  expect(tries).toBe(before);
});

describeWithOwnRedis('the connection to Redis', () => {
  test('a command that was under way when Redis died fails, and is not sent again when it is back', async () => {
    const { lines, log } = createLog();
    await using server = await startTestRedis();
    const { redis, close } = createRedis({ url: server.url, log, commandTimeoutMs: 20_000 });
    await untilReady(redis);
    server.pause();
    const lost = redis.set('once', 'yes').catch((error: Error) => error.name);
    await server.kill();
    expect(await lost).toBe('MaxRetriesPerRequestError');
    await server.restart();
    await untilReady(redis);
    expect(await redis.get('once')).toBe(null);
    expect(lines.at(-1)).toBe('{"message":"Redis is connected again"}');
    close();
  });

  test('a connection that owes an answer for seconds is given up for a new one', async () => {
    await using server = await startTestRedis();
    const { redis, close } = createRedis({ url: server.url, log: createLog().log });
    await untilReady(redis);
    const given = new Promise((resolve) => redis.once('close', resolve));
    server.pause();
    await expect(redis.ping()).rejects.toThrow('Command timed out');
    await given;
    server.resume();
    await untilReady(redis);
    close();
  });

  test('the password is in no line of the log, though Redis refuses it', async () => {
    const { lines, log } = createLog();
    await using server = await startTestRedis();
    const owner = createRedis({ url: server.url, log });
    await untilReady(owner.redis);
    await owner.redis.config('SET', 'requirepass', 'right');
    const stranger = createRedis({ url: `${server.url}?password=canary`, log, commandTimeoutMs: 20_000 });
    while (lines.length === 0) await sleep(5);
    expect(lines.join()).toContain('WRONGPASS');
    expect(lines.join()).not.toContain('canary');
    stranger.close();
    owner.close();
  });
});
