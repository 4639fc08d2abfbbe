import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Actor, Services } from '../context.ts';
import { createRedis } from '../redis-connection.ts';
import {
  type Caller,
  codeOf,
  createTestOffice,
  createTestShow,
  newKey,
  standing,
  type TestOffice,
  type TestShow,
} from '../testing.ts';
import { describeWithOwnRedis, startTestRedis, type TestRedis } from '../testing-redis.ts';
import type { Place } from './present-place.ts';
import { createSharedRooms } from './shared-room.ts';
import { createShowRoom } from './show-room.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const THRESHOLD = 8;

describeWithOwnRedis('waiting rooms of several processes', () => {
  let office: TestOffice;
  let admin: Caller;
  let redis: TestRedis;
  /** Two processes. */
  let a: Services;
  let b: Services;
  const opened = new AsyncDisposableStack();

  beforeAll(async () => {
    redis = opened.use(await startTestRedis());
    office = opened.use(await createTestOffice());
    admin = office.as(await office.actor('admin'));
    const open = async () => {
      const connection = createRedis({ url: redis.url, log, commandTimeoutMs: 300 });
      opened.defer(connection.close);
      await until(() => connection.redis.status === 'ready');
      const waitingRoom = { redis: connection.redis, threshold: THRESHOLD };
      const services = await office.open({ secret: 'one secret for both', waitingRoom });
      opened.defer(() => services.waitingRoom.close());
      return services;
    };
    [a, b] = [await open(), await open()];
  });
  afterAll(() => opened.disposeAsync());

  const until = (isSo: () => boolean | Promise<boolean>) => vi.waitUntil(isSo, { timeout: 30_000, interval: 10 });
  const actors = (count: number) => Promise.all(Array.from({ length: count }, () => office.actor()));
  const join = (actor: Actor, at: Services, { showId }: TestShow, { queueToken }: Pick<Place, 'queueToken'> = {}) =>
    office.as(actor, at).waitingRoom.join({ showId, ...(queueToken ? { queueToken } : {}) });
  const status = (actor: Actor, at: Services, { showId }: TestShow) =>
    office
      .as(actor, at)
      .waitingRoom.status({ showId })
      .then(({ state }) => state, codeOf);
  const book = ({ showId, sectionIds }: TestShow, actor: Actor, at: Services, { admissionToken }: Place = NO_PLACE) => {
    const sections = [{ sectionId: sectionIds[0]!, quantity: 1 }];
    const wish = { showId, sections, idempotencyKey: newKey(), ...(admissionToken ? { admissionToken } : {}) };
    return office
      .as(actor, at)
      .bookings.book(wish)
      .then(() => 'done', codeOf);
  };
  const NO_PLACE: Place = { state: 'open', pollAfterMs: 0 };

  async function openShow(mode: 'auto' | 'on', maxActive?: number): Promise<TestShow> {
    const show = await createTestShow(admin, [standing(100)]);
    await admin.admin.shows.waitingRoom({ showId: show.showId, mode, ...(maxActive ? { maxActive } : {}) });
    return show;
  }

  /** Whether Redis has the rooms of both processes, and not each its own. */
  async function areTogether(): Promise<boolean> {
    const show = await openShow('on', 2);
    const [ada, bob] = (await actors(2)) as [Actor, Actor];
    await Promise.all([join(ada, a, show), join(bob, b, show)]);
    return (await status(ada, b, show)) === 'admitted' && (await status(bob, a, show)) === 'admitted';
  }
  const untilTogether = () => vi.waitUntil(areTogether, { timeout: 30_000, interval: 100 });

  test('are one room: one line, one bound, and an admission that is spent at one is spent at the other', async () => {
    const show = await openShow('on', 1);
    const [ada, bob, cyd] = (await actors(3)) as [Actor, Actor, Actor];
    const place = await join(ada, a, show);
    expect(place.state).toBe('admitted');
    expect(await join(bob, b, show)).toMatchObject({ state: 'queued', position: 1 });
    expect(await join(cyd, a, show)).toMatchObject({ state: 'queued', position: 2 });
    expect(await book(show, bob, a)).toBe('admission_required');
    expect(await book(show, ada, b, place)).toBe('done');
    expect(await book(show, ada, a, place)).toBe('admission_required');
    expect(await status(bob, a, show)).toBe('admitted');
    expect(await book(show, cyd, b, await join(bob, b, show))).toBe('admission_required');
    expect(await status(cyd, b, show)).toBe('queued');
  });

  test('count together who is active, and those who buy at once count no longer', async () => {
    const show = await openShow('auto');
    const { showId, sectionIds } = show;
    const people = await actors(THRESHOLD + 2);
    const [newcomer, late] = people.splice(THRESHOLD) as [Actor, Actor];
    for (const actor of people) expect(await book(show, actor, a)).toBe('done');
    expect((await join(newcomer, b, show)).state).toBe('open');
    const sections = [{ sectionId: sectionIds[0]!, quantity: 1 }];
    const hold = (actor: Actor, at: Services) =>
      office
        .as(actor, at)
        .bookings.hold({ showId, sections, idempotencyKey: newKey() })
        .then(({ id }) => id, codeOf);
    const ids = [];
    for (const [n, actor] of people.entries()) ids.push(await hold(actor, n % 2 === 0 ? a : b));
    await until(async () => (await join(newcomer, b, show)).state === 'queued');
    expect(await hold(late, a)).toBe('admission_required');
    expect(await hold(late, b)).toBe('admission_required');
    await office.as(people[0]!, b).bookings.confirm({ bookingId: ids[0]! });
    await until(async () => (await status(newcomer, a, show)) === 'admitted');
  });

  test('are told everything that happened before anybody is answered', async () => {
    const connection = createRedis({ url: redis.url, log, commandTimeoutMs: 20_000 });
    await until(() => connection.redis.status === 'ready');
    const rooms = createSharedRooms({ redis: connection.redis, log });
    const room = createShowRoom(newKey(), Date.now());
    const rules = { mode: 'on' as const, maxActive: 1, rate: 10 };
    const joined = await rooms.ask(room, rules, { kind: 'join', userId: 'ada', value: 0 });
    const value = joined?.answer.until ?? 0;
    for (let n = 0; n < 500; n += 1) rooms.tell(room, { kind: 'tried', userId: `user-${n}`, value: 0 });
    rooms.tell(room, { kind: 'bought', userId: 'ada', value: 0 });
    const told = await rooms.ask(room, rules, { kind: 'try', userId: 'ada', value });
    expect(told).toMatchObject({ answer: { state: 'refused' }, summary: { active: 500 } });
    await rooms.close();
    connection.close();
  });

  test('tell again what they told a Redis that did not answer', async () => {
    await untilTogether();
    const show = await openShow('auto', 9);
    const { showId, sectionIds } = show;
    const sections = [{ sectionId: sectionIds[0]!, quantity: 1 }];
    const [newcomer, ...people] = (await actors(4)) as [Actor, ...Actor[]];
    redis.pause();
    for (const actor of people) {
      await office.as(actor, a).bookings.hold({ showId, sections, idempotencyKey: newKey() });
    }
    // Until it was sent; what hangs reads it when it goes on, but what is dead never will.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await redis.kill();
    await redis.restart();
    await admin.admin.shows.waitingRoom({ showId, mode: 'auto', maxActive: people.length });
    await until(async () => (await join(newcomer, b, show)).state === 'queued');
    await untilTogether();
  });

  test.each([
    ['hangs', () => redis.pause(), () => redis.resume()],
    ['dies', () => redis.kill(), () => redis.restart()],
  ])('lose nobody’s place and nobody’s admission when Redis %s, and refuse nobody for it', async (_, fail, mend) => {
    const show = await openShow('on', 1);
    const [ada, ...line] = (await actors(4)) as [Actor, ...Actor[]];
    const admitted = await join(ada, a, show);
    const places: Place[] = [];
    for (const [n, actor] of line.entries()) places.push(await join(actor, n % 2 === 0 ? a : b, show));
    expect(places.map(({ position }) => position)).toEqual([1, 2, 3]);
    /** Everybody comes back, the last ones first. */
    const comeBack = async (at: Services) => {
      for (const [n, actor] of [...line.entries()].toReversed()) places[n] = await join(actor, at, show, places[n]);
      return Promise.all(line.map(async (actor) => (await join(actor, at, show)).position));
    };
    await fail();
    expect(await comeBack(a)).toEqual([1, 2, 3]);
    expect(await book(show, line[2]!, a)).toBe('admission_required');
    expect(await book(show, ada, a, admitted)).toBe('done');
    expect(await book(show, ada, a, admitted)).toBe('admission_required');
    await mend();
    await untilTogether();
    for (const at of [a, b]) expect(await book(show, ada, at, admitted)).toBe('admission_required');
    expect(await comeBack(b)).toEqual([1, 2, 3]);
    expect(await Promise.all(line.map((actor) => status(actor, a, show)))).toEqual(['queued', 'queued', 'queued']);
  });
});
