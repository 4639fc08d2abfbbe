import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Change, type Changes, createChanges } from '../changes.ts';
import type { SeatDelta } from '../live/seat-delta.ts';
import { createRedis } from '../redis-connection.ts';
import { describeWithOwnRedis, startTestRedis, type TestRedis } from '../testing-redis.ts';
import { type ChangeFeed, shareChanges } from './share-changes.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const all: Change = { kind: 'all' };
const session = (id: string | number) => ({ kind: 'session' as const, id: `${id}` });

/** As one process has it. */
interface Side {
  changes: Changes;
  feed: ChangeFeed;
  /** What others told it. */
  heard: Change[];
}

describeWithOwnRedis('changes between processes', () => {
  let redis: TestRedis;
  const sides: Side[] = [];

  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterAll(() => redis.stop());
  afterEach(async () => {
    for (const { feed } of sides.splice(0)) await feed.close();
  });

  const until = (isSo: () => boolean) => vi.waitUntil(isSo, { timeout: 30_000, interval: 2 });
  const heardAll = ({ heard }: Side) => heard.some(({ kind }) => kind === 'all');

  /** A process that hears the others; its first `all` is forgotten. */
  async function open(): Promise<Side> {
    const changes = createChanges(log);
    const heard: Change[] = [];
    changes.listen((change, origin) => void (origin === 'elsewhere' && heard.push(change)));
    const side = { changes, heard, feed: shareChanges(changes, { url: redis.url, log }) };
    sides.push(side);
    await until(() => heardAll(side));
    heard.length = 0;
    return side;
  }

  /** A change of its own; all that was told before has arrived once this has. */
  async function settle(from: Side, to: Side): Promise<Change> {
    const last = session(randomUUID());
    from.changes.tell(last);
    await until(() => to.heard.some((change) => change.kind === 'session' && change.id === last.id));
    return last;
  }

  test('a change reaches every other process, once however often it is told at once, and is not echoed', async () => {
    const [ada, bob, eve] = [await open(), await open(), await open()];
    const told: Change[] = [
      { kind: 'show', showId: 's', eventId: 'e' },
      { kind: 'event', eventId: 'e' },
      { kind: 'listings' },
      session('a'),
      { kind: 'user', userId: 'u' },
      all,
    ];
    for (const change of [...told, ...told, ...told]) ada.changes.tell(change);
    const first = await settle(ada, bob);
    const second = await settle(bob, eve);
    expect(bob.heard).toEqual([...told, first]);
    expect(eve.heard).toEqual([...told, first, second]);
    await until(() => ada.heard.length > 0);
    expect(ada.heard).toEqual([second]);
  });

  test('steps of a show that follow upon each other arrive as one; where they are too many or one is missing, whoever hears looks', async () => {
    const [ada, bob] = [await open(), await open()];
    const ofShow = { kind: 'show' as const, showId: 's', eventId: 'e' };
    const step = (from: number, seats: SeatDelta['seats'], free = 0): SeatDelta => ({
      from,
      to: from + 1,
      seats,
      sections: [['x', free]],
    });
    const tell = (showId: string, ...steps: SeatDelta[]) => {
      for (const delta of steps) ada.changes.tell({ ...ofShow, showId, deltas: [delta] });
    };
    tell(
      's',
      step(1, [[0, 'h']], 9),
      step(4, [[2, 'b']], 7),
      step(
        2,
        [
          [0, 'a'],
          [1, 'x'],
        ],
        8,
      ),
    );
    tell(
      'large',
      step(
        1,
        Array.from({ length: 5001 }, (_, n) => [n, 'b']),
      ),
    );
    tell('many', ...Array.from({ length: 65 }, (_, n) => step(2 * n, [])));
    tell('edited', step(1, []));
    ada.changes.tell({ ...ofShow, showId: 'edited' });
    const last = await settle(ada, bob);
    const joined = {
      from: 1,
      to: 3,
      seats: [
        [0, 'a'],
        [1, 'x'],
      ],
      sections: [['x', 8]],
    };
    const apart = { from: 4, to: 5, seats: [[2, 'b']], sections: [['x', 7]] };
    const look = ['large', 'many', 'edited'].map((showId) => ({ ...ofShow, showId }));
    expect(bob.heard).toEqual([{ ...ofShow, deltas: [joined, apart] }, ...look, last]);
  });

  test('what nobody understands is passed over, and the rest of it heard', async () => {
    const [ada, bob] = [await open(), await open()];
    const stranger = createRedis({ url: redis.url, log, commandTimeoutMs: 20_000 });
    await until(() => stranger.redis.status === 'ready');
    const bad = ['', '{', 'null', '[]', '{"from":1,"changes":[]}', '{"from":"x"}', '{"changes":[{"kind":"all"}]}'];
    const newer = {
      from: 'x',
      changes: [{ kind: 'weather' }, { kind: 'user' }, 7, { kind: 'user', userId: 'u', by: 1 }],
    };
    for (const text of [...bad, JSON.stringify(newer)]) await stranger.redis.publish('evently:changes', text);
    const last = await settle(ada, bob);
    expect(bob.heard).toEqual([{ kind: 'user', userId: 'u' }, last]);
    stranger.close();
  });

  test('Redis is killed: whoever listened drops everything when it is back, and hears what is told from then on', async () => {
    const [ada, bob] = [await open(), await open()];
    await redis.kill();
    await until(() => !bob.feed.isListening());
    ada.changes.tell(session('meanwhile'));
    await redis.restart();
    await until(() => heardAll(bob));
    expect(bob.feed.isListening()).toBe(true);
    await until(() => ada.feed.isListening());
    await settle(ada, bob);
  });

  test('Redis hangs until the connections are given up: when it goes on, everything is dropped', async () => {
    const [ada, bob] = [await open(), await open()];
    redis.pause();
    await until(() => !bob.feed.isListening());
    redis.resume();
    await until(() => heardAll(bob));
    await settle(ada, bob);
  });

  test('what Redis did not take is told again, by itself', async () => {
    const [ada, bob] = [await open(), await open()];
    const operator = createRedis({ url: redis.url, log, commandTimeoutMs: 20_000 });
    await until(() => operator.redis.status === 'ready');
    await operator.redis.acl('SETUSER', 'default', '-publish');
    ada.changes.tell(session('refused'));
    const refusals = async () => (await operator.redis.acl('LOG')) as unknown[];
    await vi.waitUntil(async () => (await refusals()).length > 0, { interval: 2 });
    await operator.redis.acl('SETUSER', 'default', '+publish');
    await until(() => bob.heard.length > 0);
    expect(bob.heard).toEqual([session('refused')]);
    operator.close();
  });

  test('more changes than may wait become one that drops everything', async () => {
    const [ada, bob] = [await open(), await open()];
    for (let n = 0; n < 1001; n += 1) ada.changes.tell(session(n));
    const last = await settle(ada, bob);
    expect(bob.heard).toEqual([all, last]);
  });

  test('what is told last is sent before the connections end', async () => {
    const [ada, bob] = [await open(), await open()];
    ada.changes.tell(session('last'));
    await ada.feed.close();
    await until(() => bob.heard.length > 0);
    expect(bob.heard).toEqual([session('last')]);
    ada.changes.tell(session('after'));
  });
});
