import { createRedis } from '@evently/api/redis-connection';
import { describeWithOwnRedis, startTestRedis } from '@evently/api/testing-redis';
import { createTestDatabase } from '@evently/db/testing';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { registerHealth } from './health.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

describeWithOwnRedis('the health of Redis', () => {
  test('is told beside that of the database; a Redis that is away degrades the server and no more', async () => {
    await using database = await createTestDatabase(2);
    await using server = await startTestRedis();
    const { redis, close } = createRedis({ url: server.url, log });
    const app = Fastify();
    registerHealth(app, { db: database.db, pingRedis: () => redis.ping(), isStopping: () => false });
    const health = async (path: string) => {
      const { statusCode, body } = await app.inject(path);
      return { statusCode, ...JSON.parse(body) };
    };
    await expect.poll(() => redis.status).toBe('ready');
    const healthy = { status: 'healthy', latencyMs: expect.any(Number) };
    expect(await health('/health')).toEqual({
      statusCode: 200,
      status: 'healthy',
      checks: { database: healthy, redis: healthy },
    });
    await server.kill();
    const away = { database: healthy, redis: { status: 'degraded', latencyMs: expect.any(Number) } };
    expect(await health('/health')).toEqual({ statusCode: 200, status: 'degraded', checks: away });
    expect(await health('/health/ready')).toMatchObject({ statusCode: 200 });
    close();
    await app.close();
  });
});
