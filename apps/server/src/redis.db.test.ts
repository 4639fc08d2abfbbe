import { existsSync } from 'node:fs';
import { createRedis } from '@evently/api/redis-connection';
import { describeWithOwnRedis } from '@evently/api/testing-redis';
import { expect, test } from 'vitest';
import { startRedis } from './redis.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const mustNotLook = () => {
  throw new Error('there was no need to look for a Redis');
};

test('REDIS=off means none, whatever else is set', async () => {
  const redis = await startRedis({ redis: 'off', redisUrl: 'redis://elsewhere' }, mustNotLook);
  expect(redis).toMatchObject({
    url: null,
    own: false,
    note: 'No Redis, because REDIS is off: Postgres does it alone.',
  });
  await redis.stop();
});

test('the Redis of REDIS_URL is used as it is, and its password not shown', async () => {
  const redisUrl = 'rediss://user:canary@elsewhere:6380/1';
  const redis = await startRedis({ redis: 'on', redisUrl }, mustNotLook);
  expect(redis).toMatchObject({ url: redisUrl, own: false });
  expect(redis.note).not.toContain('canary');
  await redis.stop();
});

test('where there is none, and where the one there is does not start, the server does without and says so in a line', async () => {
  const settings = { redis: 'on', redisUrl: null } as const;
  for (const [find, says] of [
    [() => null, 'neither redis-server nor valkey-server is on the PATH'],
    [() => '/bin/false', '/bin/false did not start'],
    [() => '/nowhere/redis-server', '/nowhere/redis-server did not start'],
  ] as const) {
    const redis = await startRedis(settings, find);
    expect(redis).toMatchObject({ url: null, own: false });
    expect(redis.note).toContain(says);
    expect(redis.note).not.toContain('\n');
    await redis.stop();
  }
});

describeWithOwnRedis('starting a Redis with the server', () => {
  test('one that is on the PATH is started, answers, and is gone after the stop', async () => {
    const server = await startRedis({ redis: 'on', redisUrl: null });
    expect(server.own).toBe(true);
    const { redis, close } = createRedis({ url: server.url!, log: quiet, commandTimeoutMs: 20_000 });
    await new Promise((resolve) => redis.once('ready', resolve));
    expect(await redis.ping()).toBe('PONG');
    close();
    await server.stop();
    expect(existsSync(server.url!)).toBe(false);
  });
});
