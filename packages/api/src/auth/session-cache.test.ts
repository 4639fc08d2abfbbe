import { expect, test } from 'vitest';
import { type Change, createChanges } from '../changes.ts';
import type { Actor } from '../context.ts';
import { createSessionCache, type FoundSession } from './session-cache.ts';

const HOUR_MS = 3_600_000;

function sessionOf(userId: string, lastsMs = HOUR_MS, role: Actor['role'] = 'user'): FoundSession {
  return {
    actor: { userId, email: `${userId}@example.com`, name: userId, role },
    expiresAt: new Date(Date.now() + lastsMs),
  };
}

function createWorld(maxSessions?: number) {
  const changes = createChanges({ error: () => undefined });
  const time = { ms: 1000 };
  const bound = maxSessions === undefined ? {} : { maxSessions };
  const cache = createSessionCache({ changes, clock: () => time.ms, ...bound });
  const look = (id: string, found: FoundSession | null = sessionOf(`user of ${id}`)) =>
    cache.lookUp(id, async () => found);
  return { changes, time, cache, look };
}

test('a session is known for five seconds, counted from when the database was asked', async () => {
  const { cache, time } = createWorld();
  const answer = Promise.withResolvers<FoundSession>();
  const looking = cache.lookUp('a', () => answer.promise);
  time.ms += 2000;
  answer.resolve(sessionOf('ada'));
  expect(await looking).toMatchObject({ userId: 'ada' });
  time.ms += 2999;
  expect(cache.find('a')).toMatchObject({ userId: 'ada' });
  time.ms += 1;
  expect(cache.find('a')).toBeUndefined();
  expect(cache.stats).toEqual({ hits: 1, misses: 1 });
});

test('no session is known beyond its own end', async () => {
  const { cache, time, look } = createWorld();
  await look('a', sessionOf('ada', 3000));
  time.ms += 2000;
  expect(cache.find('a')).toBeDefined();
  time.ms += 1000;
  expect(cache.find('a')).toBeUndefined();
  await look('b', sessionOf('bob', -1));
  expect(cache.find('b')).toBeUndefined();
});

test('staff, admins and tokens that nobody has leave nothing in memory', async () => {
  const { cache, look } = createWorld();
  expect(await look('staff', sessionOf('s', HOUR_MS, 'staff'))).toMatchObject({ role: 'staff' });
  expect(await look('admin', sessionOf('a', HOUR_MS, 'admin'))).toMatchObject({ role: 'admin' });
  expect(await look('forged', null)).toBeNull();
  expect(cache.size()).toBe(0);
});

const ofAda: Change[] = [{ kind: 'session', id: 'a' }, { kind: 'user', userId: 'user of a' }, { kind: 'all' }];

test.each(ofAda)(
  '$kind: what has ended is forgotten, however long ago it was looked up, and nothing else',
  async (change) => {
    for (const after of [0, 4]) {
      const { cache, changes, look } = createWorld(8);
      await look('a');
      await look('b');
      // The fourth of these begins the next generation.
      for (let n = 0; n < after; n += 1) await look(`other ${n}`);
      changes.tell({ kind: 'listings' });
      expect(cache.find('a')).toBeDefined();
      changes.tell(change);
      expect(cache.find('a')).toBeUndefined();
      expect(cache.find('b') === undefined).toBe(change.kind === 'all');
    }
  },
);

test.each(ofAda)(
  '$kind: a look-up that was under way is neither kept nor shared with those who ask after',
  async (change) => {
    const { cache, changes, look } = createWorld();
    const before = Promise.withResolvers<FoundSession>();
    const looking = cache.lookUp('a', () => before.promise);
    changes.tell(change);
    expect(await look('a', null)).toBeNull();
    before.resolve(sessionOf('user of a'));
    await looking;
    expect(cache.find('a')).toBeUndefined();
  },
);

test('those who ask at once share one look-up, and its failure; the next one tries again', async () => {
  const { cache } = createWorld();
  let loads = 0;
  const load = async () => {
    loads += 1;
    if (loads === 1) throw new Error('the database is away');
    return sessionOf('ada');
  };
  const failed = await Promise.allSettled([cache.lookUp('a', load), cache.lookUp('a', load)]);
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const [one, other] = await Promise.all([cache.lookUp('a', load), cache.lookUp('a', load)]);
  expect(one).toMatchObject({ userId: 'ada' });
  expect(other).toBe(one);
  expect(loads).toBe(2);
});

test('memory has a bound: the oldest go, at least half of it stays', async () => {
  const { cache, look } = createWorld(10);
  for (let n = 0; n < 100; n += 1) {
    await look(`${n}`);
    expect(cache.size()).toBeLessThanOrEqual(10);
    for (let kept = n; kept > n - 5 && kept >= 0; kept -= 1) expect(cache.find(`${kept}`)).toBeDefined();
  }
});

test('what has had its time is let go of, even if there is room', async () => {
  const { cache, look, time } = createWorld();
  for (let n = 0; n < 5; n += 1) {
    await look(`${n}`);
    time.ms += 5000;
  }
  expect(cache.size()).toBeLessThanOrEqual(2);
});
