import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type Changes, createChanges } from './changes.ts';
import { createRedis, type RedisConnection } from './redis-connection.ts';
import { createSharedCache, noSharedCache, type SharedCache } from './shared-cache.ts';
import { blockFor, describeWithOwnRedis, startTestRedis, type TestRedis } from './testing-redis.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** As one process has it. */
interface Side {
  cache: SharedCache;
  changes: Changes;
}

test('without Redis nothing is found, and nothing kept', async () => {
  const finding = await noSharedCache.find('a', ['show:s']);
  finding.keep('kept');
  expect(await noSharedCache.find('a', ['show:s'])).toMatchObject({ body: null });
});

describeWithOwnRedis('answers that processes share', () => {
  let server: TestRedis;
  let operator: RedisConnection;
  let redis: Redis;
  let sides: Side[] = [];
  /** Of the present test alone. */
  let key: string;
  let tag: string;

  beforeAll(async () => {
    server = await startTestRedis();
    operator = createRedis({ url: server.url, log, commandTimeoutMs: 20_000 });
    redis = operator.redis;
    await until(() => redis.status === 'ready');
  });
  afterAll(async () => {
    operator.close();
    await server.stop();
  });
  beforeEach(() => {
    key = randomUUID();
    tag = `show:${key}`;
  });
  afterEach(async () => {
    for (const { cache } of sides) await cache.close();
    sides = [];
  });

  const until = (isSo: () => boolean | Promise<boolean>) => vi.waitUntil(isSo, { timeout: 30_000, interval: 2 });
  const find = async ({ cache }: Side) => (await cache.find(key, [tag])).body;
  const forget = ({ changes }: Side, showId = key) => changes.tell({ kind: 'show', showId, eventId: 'e' });

  async function keep(side: Side, body: string): Promise<void> {
    (await side.cache.find(key, [tag])).keep(body);
    await until(async () => (await find(side)) === body);
  }
  const countLookUps = async () => Number(/cmdstat_mget:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
  /** Whether this process keeps what it is given by now. */
  async function untilUsable({ cache }: Side): Promise<void> {
    const other = randomUUID();
    await until(async () => {
      const finding = await cache.find(other, []);
      finding.keep('x');
      return finding.body !== null;
    });
  }
  /** Where an answer lives for so long, no test ends because it has ended. */
  async function open(lifeSeconds: number | 'as usual' = 300): Promise<Side> {
    const changes = createChanges(log);
    const life = lifeSeconds === 'as usual' ? {} : { lifeSeconds };
    const side = { changes, cache: createSharedCache({ url: server.url, log, changes, ...life }) };
    sides.push(side);
    await untilUsable(side);
    return side;
  }

  test('what one process keeps, another finds, until a change that it depends on is told, wherever it is told', async () => {
    const [ada, bob] = [await open(), await open()];
    await keep(ada, 'four seats\nare left');
    expect(await find(bob)).toBe('four seats\nare left');
    forget(bob, 'another show');
    ada.changes.tell({ kind: 'listings' });
    expect(await find(ada)).toBe('four seats\nare left');
    forget(bob);
    // There and then for who told of it, before Redis has answered.
    expect(await find(bob)).toBeNull();
    await until(async () => (await find(ada)) === null);
    await keep(bob, 'three seats are left');
    expect(await find(ada)).toBe('three seats are left');
  });

  test('an event page, which tells what is left of its shows, is forgotten with each of them', async () => {
    const ada = await open();
    tag = 'shows-of:e';
    await keep(ada, 'four seats are left');
    ada.changes.tell({ kind: 'show', showId: 's', eventId: 'another event' });
    expect(await find(ada)).toBe('four seats are left');
    ada.changes.tell({ kind: 'show', showId: 's', eventId: 'e' });
    expect(await find(ada)).toBeNull();
  });

  test('what was heard of from elsewhere is not forgotten a second time: who told of it did that', async () => {
    const ada = await open();
    await keep(ada, 'fresh');
    ada.changes.tell({ kind: 'show', showId: key, eventId: 'e' }, 'elsewhere');
    expect(await find(ada)).toBe('fresh');
  });

  test('who asked the database before a change cannot keep the answer after it', async () => {
    const [ada, bob] = [await open(), await open()];
    for (const teller of [ada, bob]) {
      const asked = await ada.cache.find(key, [tag]);
      forget(teller);
      // What is told here is known here at once; what is told elsewhere, once Redis knows.
      if (teller === bob) await until(async () => (await redis.exists(`evently:{answers}:${tag}`)) === 0);
      asked.keep('stale');
      await untilUsable(ada);
      // Whoever comes next begins another generation.
      for (let n = 0; n < 3; n += 1) expect([await find(ada), await find(bob)]).toEqual([null, null]);
    }
  });

  test('an answer lives as long as it may, and never for more than 300 seconds', async () => {
    const lives: number[] = [];
    for (const lifeSeconds of ['as usual', 60, 3600] as const) {
      key = randomUUID();
      const side = await open(lifeSeconds);
      const before = new Set(await redis.keys('*'));
      await keep(side, 'kept');
      const added = (await redis.keys('*')).filter((name) => !before.has(name) && !name.includes('show:'));
      expect(added).toHaveLength(1);
      lives.push(await redis.ttl(added[0]!));
    }
    const [usual, asSet, longest] = lives as [number, number, number];
    expect(usual).toBeLessThanOrEqual(10);
    expect(usual).toBeGreaterThan(0);
    expect(asSet).toBeGreaterThan(10);
    expect(asSet).toBeLessThanOrEqual(60);
    expect(longest).toBeGreaterThan(60);
    expect(longest).toBeLessThanOrEqual(300);
  });

  test('what is longer than a mebibyte is not kept', async () => {
    const ada = await open();
    await keep(ada, 'x'.repeat(1_048_576));
    key = randomUUID();
    (await ada.cache.find(key, [tag])).keep(`${'x'.repeat(1_048_575)}é`);
    // Commands of one connection keep their order, so that it would be there by now.
    expect(await find(ada)).toBeNull();
  });

  test('a Redis that was emptied has no answers, and no old one comes back', async () => {
    const [ada, bob] = [await open(), await open()];
    const asked = await ada.cache.find(key, [tag]);
    await keep(bob, 'old');
    const names = await redis.keys('*');
    const values = await redis.mget(...names);
    await redis.flushall();
    expect(await find(bob)).toBeNull();
    // As a replica that was behind, or a late writer, would have it; the tokens have been given anew.
    asked.keep('old');
    for (const [index, name] of names.entries()) await redis.set(name, values[index] ?? '', 'NX');
    expect(await find(ada)).toBeNull();
    expect(await find(bob)).toBeNull();
  });

  test('Redis is killed and comes back: nothing fails meanwhile, and answers are shared again', async () => {
    const [ada, bob] = [await open(), await open()];
    await keep(ada, 'old');
    await server.kill();
    await until(() => bob.cache.state() === 'open');
    expect([await find(ada), await find(bob)]).toEqual([null, null]);
    await server.restart();
    await untilUsable(bob);
    await keep(ada, 'new');
    expect(await find(bob)).toBe('new');
  });

  test('a server that starts counts on nothing: the one before it may have died with something untold', async () => {
    const ada = await open();
    await keep(ada, 'old');
    const bob = await open();
    expect([await find(ada), await find(bob)]).toEqual([null, null]);
  });

  test('after a lost connection nothing counts that was kept before: what was to be forgotten may have been missed', async () => {
    const ada = await open();
    await keep(ada, 'old');
    await redis.call('CLIENT', 'KILL', 'TYPE', 'normal');
    await until(() => ada.cache.state() === 'open');
    await untilUsable(ada);
    expect(await find(ada)).toBeNull();
  });

  test('Redis hangs: the first to notice is the last to ask, and what changed meanwhile is forgotten when it goes on', async () => {
    const [ada, bob] = [await open(), await open()];
    await keep(ada, 'old');
    const lookUps = await countLookUps();
    server.pause();
    expect(await find(ada)).toBeNull();
    expect(ada.cache.state()).toBe('open');
    for (let n = 0; n < 5; n += 1) expect(await find(ada)).toBeNull();
    forget(ada);
    server.resume();
    await until(() => ada.cache.state() === 'closed');
    expect(await countLookUps()).toBe(lookUps + 1);
    expect(await find(ada)).toBeNull();
    await until(async () => (await find(bob)) === null);
  });

  test('a process too busy to read an answer in time does not take that for an outage of Redis', async () => {
    const ada = await open();
    await keep(ada, 'kept');
    const looking = find(ada);
    // Longer than a command may take.
    blockFor(200);
    expect(await looking).toBeNull();
    expect(ada.cache.state()).toBe('closed');
    expect(await find(ada)).toBe('kept');
  });

  test('what Redis refuses to forget is forgotten later, and not read here until then', async () => {
    const [ada, bob] = [await open(), await open()];
    await keep(ada, 'old');
    await redis.acl('SETUSER', 'default', '-del');
    forget(ada);
    await until(async () => ((await redis.acl('LOG')) as unknown[]).length > 0);
    expect([await find(ada), await find(bob)]).toEqual([null, 'old']);
    await redis.acl('SETUSER', 'default', '+del');
    await until(async () => (await find(bob)) === null);
  });

  test('more to forget than may wait is everything', async () => {
    const [ada, bob] = [await open(), await open()];
    await keep(ada, 'old');
    for (let n = 0; n < 1100; n += 1) forget(bob, `another show ${n}`);
    await until(async () => (await find(ada)) === null);
  });

  test('what is told last is forgotten before the connection ends', async () => {
    const [ada, bob] = [await open(), await open()];
    await keep(ada, 'old');
    // The first is on its way while the second is told.
    forget(bob, 'another show');
    forget(bob);
    await bob.cache.close();
    expect(await find(ada)).toBeNull();
  });
});
