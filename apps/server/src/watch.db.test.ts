import { insertUser } from '@evently/api/auth/accounts';
import { createScriptContext } from '@evently/api/context';
import { listSubscriptions } from '@evently/api/procedures';
import { createCaller } from '@evently/api/router';
import { createTestShow, newKey, seated, type TestShow } from '@evently/api/testing';
import { newId } from '@evently/db/ids';
import { createEvently, type Evently, type LiveSeatMap } from '@evently/sdk';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { badRequests } from './bad-requests.ts';
import { mapAtMost, readProblem, send, trpcRequest } from './matrix-calls.ts';
import { matrixRows } from './matrix-rows.ts';
import { createWorld, type Person, type World } from './matrix-world.ts';
import { startTestServer } from './testing.ts';
import { watchOverWire } from './testing-watch.ts';
import { createWatchers } from './watchers.ts';

let world: World;
let buyer: Person;
let evently: Evently;

beforeAll(async () => {
  world = await createWorld();
  buyer = await world.person();
  evently = createEvently({ url: world.server.url, token: buyer.token, retries: 0 });
});
afterAll(() => world[Symbol.asyncDispose]());

const until = (isSo: () => boolean) => vi.waitUntil(isSo, { timeout: 20_000, interval: 5 });
const openShow = (seats: number): Promise<TestShow> => createTestShow(world.admin, [seated(1, seats)]);
const hold = ({ showId }: TestShow, ...seatIds: string[]) =>
  world.as(buyer).bookings.hold({ showId, seatIds, idempotencyKey: newKey() });

test('a watcher is sent the seat map and then what changes, in the wire format of tRPC', async () => {
  const show = await openShow(4);
  const watcher = await watchOverWire(world.server.url, { showId: show.showId });
  await until(() => watcher.events.length === 1);
  await hold(show, show.seatIds[1]!);
  await until(() => watcher.events.length === 2);
  const sections = [{ sectionId: show.sectionIds[0], available: 4 }];
  const [snapshot, delta] = watcher.events;
  expect(snapshot).toEqual({
    id: '0',
    data: { kind: 'snapshot', showId: show.showId, layoutVersion: 1, version: 0, states: 'aaaa', sections },
  });
  expect(delta).toEqual({
    id: '1',
    data: {
      kind: 'delta',
      version: 1,
      changes: [{ seatId: show.seatIds[1], index: 1, state: 'h' }],
      sections: [{ ...sections[0], available: 3 }],
    },
  });
  expect(watcher.text()).toMatch(
    /^event: connected\ndata: \{"reconnectAfterInactivityMs":\d+\}\n\n\ndata: \{"json":.*\nid: 0\n\n\n/,
  );
  watcher.hangUp();
});

test('who comes back says how far they were, as a browser or as a client, and is sent the rest', async () => {
  const show = await openShow(10);
  const stays = await watchOverWire(world.server.url, { showId: show.showId });
  for (const [n, seatId] of show.seatIds.slice(0, 4).entries()) {
    await hold(show, seatId);
    await until(() => stays.lastEventId() === `${n + 1}`);
  }
  const { showId } = show;
  const asClient = await watchOverWire(world.server.url, { showId, lastEventId: '2' });
  // What the browser says by itself comes later than what it was told to ask for.
  const asBrowser = await watchOverWire(world.server.url, { showId, lastEventId: '1' }, { 'last-event-id': '2' });
  const fromAfar = await watchOverWire(world.server.url, { showId, lastEventId: '77' });
  await until(() => [asClient, asBrowser, fromAfar].every((watcher) => watcher.lastEventId() === '4'));
  for (const { events } of [asClient, asBrowser]) {
    expect(events.map(({ id, data }) => `${id} ${data.kind}`)).toEqual(['3 delta', '4 delta']);
  }
  expect(fromAfar.events.map(({ data }) => data.kind)).toEqual(['snapshot']);
  expect(fromAfar.states()).toBe('hhhhaaaaaa');
  for (const watcher of [stays, asClient, asBrowser, fromAfar]) watcher.hangUp();
});

test('what cannot be watched is refused before anything streams, and what is no stream is left to tRPC', async () => {
  const ask = async (search: string, init: RequestInit = {}) => {
    const answer = await fetch(`${world.server.url}/trpc/events.watch${search}`, init);
    const { error } = (await answer.json()) as { error: { json: { data: { problem: { code: string } } } } };
    return `${answer.status} ${error.json.data.problem.code}`;
  };
  const asking = (input: object) => `?input=${encodeURIComponent(JSON.stringify(input))}`;
  const { showId } = world.show;
  expect(await ask(asking({ showId: newId() }))).toBe('404 not_found');
  for (const search of [
    '',
    '?input=%7B',
    '?input=5',
    '?input={}&input={}',
    asking({ showId: 'x' }),
    asking({ showId, more: 1 }),
  ]) {
    expect(await ask(search), search).toBe('400 invalid_input');
  }
  for (const lastEventId of ['x', '-1', '1.5', '1e9', '9'.repeat(16)]) {
    expect(await ask(asking({ showId, lastEventId })), lastEventId).toBe('400 invalid_input');
  }
  expect(await ask(asking({ showId }), { headers: { 'last-event-id': 'nonsense' } })).toBe('400 invalid_input');
  expect(await ask(asking({ showId }), { headers: { 'trpc-accept': 'application/jsonl' } })).toBe('400 invalid_input');
  expect(
    await ask(asking({ showId }), { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }),
  ).toBe('404 not_found');
  const batch = await fetch(
    `${world.server.url}/trpc/events.watch?batch=1&input=${encodeURIComponent(JSON.stringify({ 0: { showId } }))}`,
  );
  expect([batch.status, await batch.text()]).toEqual([400, expect.stringContaining('invalid_input')]);
});

const subscriptions = listSubscriptions().map((procedure) => [procedure.path, procedure] as const);

test.each(subscriptions)(
  '%s: whoever may not have it is refused, and so is every kind of bad input',
  async (path, procedure) => {
    const { outcomes, input } = matrixRows[path]!;
    const good = await input(world, buyer);
    const token = { nobody: null, owner: buyer.token, 'another user': (await world.person()).token };
    const staff = { staff: (await world.person('staff')).token, admin: (await world.person('admin')).token };
    const found = await mapAtMost(5, Object.entries({ ...token, ...staff }), async ([kind, bearer]) => {
      const { path: target } = trpcRequest(procedure, JSON.stringify(good));
      const headers = bearer === null ? {} : { authorization: `Bearer ${bearer}` };
      const answer = await fetch(world.server.url + target, { headers });
      if (answer.ok) await answer.body?.cancel();
      const problem = answer.ok ? 'ok' : JSON.stringify(await answer.json());
      return [kind, problem];
    });
    expect(Object.fromEntries(found)).toEqual(outcomes);
    const bad = badRequests(procedure, good);
    expect(bad.length).toBeGreaterThan(20);
    const verdicts = await mapAtMost(16, bad, async ({ what, request, status, field }) => {
      const problem = readProblem(await send(world.server.url, request, buyer.token), 'tRPC');
      if (typeof problem === 'string') return `${what}: ${problem}`;
      const isNamed =
        field === null || problem.issues?.some((issue) => issue.path === field || field.startsWith(`${issue.path}.`));
      return problem.status === status && isNamed ? null : `${what}: ${JSON.stringify(problem)}`;
    });
    expect(verdicts.filter((verdict) => verdict !== null)).toEqual([]);
  },
);

test('beyond its room the server sends watchers away with a time to come back; when it stops, it hangs up at once', async () => {
  const watchers = createWatchers({ most: 3, mostPerAddress: 2 });
  await using server = await startTestServer({ watchers, trustProxy: ['loopback'] });
  const { admin } = await adminOf(server);
  const show = await createTestShow(admin, [seated(1, 2)]);
  const from = (address: string) => watchOverWire(server.url, { showId: show.showId }, { 'x-forwarded-for': address });
  const inside = [await from('1.1.1.1'), await from('1.1.1.1'), await from('2.2.2.2')];
  await expect(from('1.1.1.1')).rejects.toThrow(/^503.*overloaded/);
  inside.pop()!.hangUp();
  await until(() => watchers.count() === 2);
  await expect(from('1.1.1.1')).rejects.toThrow(/^429.*too_many_requests/);
  const refused = await fetch(
    `${server.url}/trpc/events.watch?input=${encodeURIComponent(JSON.stringify({ showId: show.showId }))}`,
    {
      headers: { 'x-forwarded-for': '1.1.1.1' },
    },
  );
  expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
  await server.app.close();
  await until(() => inside.every((watcher) => watcher.isOver()));
  expect(watchers.count()).toBe(0);
});

async function adminOf(server: World['server']) {
  const account = {
    email: 'admin@example.com',
    name: 'Ada',
    passwordHash: '-',
    role: 'admin' as const,
    createdAt: new Date(),
  };
  const { id: userId, email, name, role } = await insertUser(server.db, account);
  return { admin: createCaller(createScriptContext(server.services, { userId, email, name, role })) };
}

test('through the SDK: a ready seat map with places and prices, that changes where it changed, until one leaves', async () => {
  const show = await createTestShow(world.admin, [seated(2, 3)], { amounts: [1500] });
  const maps: LiveSeatMap[] = [];
  for await (const map of evently.events.watch({ showId: show.showId })) {
    maps.push(map);
    if (maps.length === 1) await hold(show, show.seatIds[4]!);
    else break;
  }
  const [first, second] = maps as [LiveSeatMap, LiveSeatMap];
  expect(first.seats[4]).toEqual({
    seatId: show.seatIds[4],
    index: 4,
    sectionId: show.sectionIds[0],
    section: 'Stalls',
    row: '2',
    number: '2',
    x: expect.any(Number),
    y: expect.any(Number),
    price: { amount: 1500, currency: 'EUR' },
    state: 'available',
  });
  expect(first.seats.map(({ seatId }) => seatId)).toEqual(show.seatIds);
  expect(first.sections).toMatchObject([{ name: 'Stalls', kind: 'seated', available: 6 }]);
  expect(second).toMatchObject({ version: 1, sections: [{ available: 5 }] });
  expect(second.seats[4]).toEqual({ ...first.seats[4], state: 'held' });
  expect(second.seats.filter((seat, index) => seat !== first.seats[index])).toHaveLength(1);
  await expect(evently.events.watch({ showId: newId() })[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    problem: { code: 'not_found' },
  });
  const calling = new AbortController();
  const called = evently.events.watch({ showId: show.showId }, { signal: calling.signal })[Symbol.asyncIterator]();
  await called.next();
  const next = called.next();
  calling.abort(new Error('enough'));
  await expect(next).rejects.toThrow('enough');
});

test('through the plain tRPC client: the same events, and the problem when there are none', async () => {
  const show = await openShow(3);
  const kinds: string[] = [];
  const subscription = evently.trpc.events.watch.subscribe(
    { showId: show.showId },
    {
      onData: ({ id, data }) => void kinds.push(`${id} ${data.kind}`),
    },
  );
  await until(() => kinds.length === 1);
  await hold(show, show.seatIds[0]!);
  await until(() => kinds.length === 2);
  subscription.unsubscribe();
  expect(kinds).toEqual(['0 snapshot', '1 delta']);
  const code = await new Promise((resolve) => {
    evently.trpc.events.watch.subscribe({ showId: newId() }, { onError: ({ data }) => resolve(data?.problem.code) });
  });
  expect(code).toBe('not_found');
});
