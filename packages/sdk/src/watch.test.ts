import superjson from 'superjson';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Problem, SeatStates } from './contract.ts';
import { createEvently } from './create-evently.ts';
import { isProblem } from './error.ts';
import type { Fetch } from './link.ts';
import type { LiveSeatMap } from './watch-seat-map.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount(), 'timers that were left behind').toBe(0);
  vi.useRealTimers();
});

const price = { amount: 100, currency: 'EUR' };
const layout = {
  showId: 's',
  layoutVersion: 1,
  seatCount: 3,
  sections: [
    {
      sectionId: 'stalls',
      name: 'Stalls',
      rows: [{ row: 'A', seats: ['1', '2', '3'].map((number, x) => ({ seatId: number, number, x, y: 0 })) }],
    },
    { sectionId: 'floor', name: 'Floor', rows: [] },
  ],
};
const section = { price, capacity: 3, available: 3 };
const show = {
  id: 's',
  sections: [
    { ...section, sectionId: 'stalls', name: 'Stalls', kind: 'seated' },
    { ...section, sectionId: 'floor', name: 'Floor', kind: 'standing' },
  ],
};
const statesAt = (version: number, states: string): SeatStates => ({
  showId: 's',
  layoutVersion: 1,
  version,
  states,
  sections: [
    { sectionId: 'stalls', available: [...states].filter((state) => state === 'a').length },
    { sectionId: 'floor', available: 3 },
  ],
});
const deltaAt = (version: number, index: number, state: string, available: number) => ({
  kind: 'delta',
  version,
  changes: [{ seatId: `${index}`, index, state }],
  sections: [{ sectionId: 'stalls', available }],
});

/** A server whose streams the test writes. */
function serve() {
  const streams: {
    lastEventId: string | undefined;
    send: (data: object) => void;
    ping: () => void;
    end: () => void;
    hasLeft: boolean;
  }[] = [];
  const server = {
    streams,
    /** What answers in place of a stream. */
    refuse: null as (() => Response) | null,
    /** Whether nothing of a stream comes through. */
    holdsBack: false,
    states: statesAt(0, 'aaa'),
    polls: 0,
  };
  const answer = (output: unknown) => Response.json({ result: { data: superjson.serialize(output) } });
  const openStream = (wish: { lastEventId?: string }, signal: AbortSignal | null | undefined): Response => {
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const write = (text: string) => controller.enqueue(encoder.encode(text));
        const stream = {
          lastEventId: wish.lastEventId,
          send: (data: object) =>
            write(`data: ${JSON.stringify(superjson.serialize(data))}\nid: ${(data as SeatStates).version}\n\n\n`),
          ping: () => write('event: ping\ndata: \n\n\n'),
          end: () => controller.close(),
          hasLeft: false,
        };
        signal?.addEventListener('abort', () => {
          stream.hasLeft = true;
          try {
            controller.error(signal.reason);
          } catch {
            // It is over already.
          }
        });
        streams.push(stream);
        if (!server.holdsBack) write('event: connected\ndata: {}\n\n\n');
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  const fetch: Fetch = async (target, init) => {
    const url = new URL(target);
    const [, path = ''] = url.pathname.split('/trpc/');
    if (path === 'events.watch') {
      if (server.refuse) return server.refuse();
      return openStream(JSON.parse(url.searchParams.get('input') ?? '{}'), init?.signal);
    }
    if (path === 'events.seatLayout') return answer(layout);
    if (path === 'events.show') return answer(show);
    server.polls += 1;
    return answer(server.states);
  };
  return { server, evently: createEvently({ url: 'http://evently.test', fetch, retries: 0 }) };
}

const spell = ({ version, seats }: LiveSeatMap) => `${version} ${seats.map(({ state }) => state[0]).join('')}`;
const problemResponse = (problem: Problem, status: number) => {
  const described = { ...problem, title: 'T', status, detail: 'D', retryable: status !== 404 };
  const data = { problem: described, requestId: 'r', httpStatus: status };
  return Response.json({ error: superjson.serialize({ code: -32600, message: 'D', data }) }, { status });
};
const settle = () => vi.advanceTimersByTimeAsync(1);

test('a change changes its seat and its section, and nothing else is another object', async () => {
  const { server, evently } = serve();
  const maps = evently.events.watch({ showId: 's' })[Symbol.asyncIterator]();
  const first = maps.next();
  await settle();
  server.streams[0]!.send({ kind: 'snapshot', ...statesAt(4, 'ahx') });
  const before: LiveSeatMap = (await first).value;
  expect(spell(before)).toBe('4 ahb');
  expect(before.seats.map(({ state }) => state)).toEqual(['available', 'held', 'blocked']);
  expect(before.seats[0]).toEqual({
    seatId: '1',
    index: 0,
    sectionId: 'stalls',
    section: 'Stalls',
    row: 'A',
    number: '1',
    x: 0,
    y: 0,
    price,
    state: 'available',
  });
  const second = maps.next();
  server.streams[0]!.send(deltaAt(5, 0, 'b', 0));
  const after: LiveSeatMap = (await second).value;
  expect(after).toMatchObject({ version: 5, sections: [{ available: 0 }, { available: 3 }] });
  expect(after.seats[0]).toEqual({ ...before.seats[0], state: 'booked' });
  expect([after.seats[1], after.seats[2], after.sections[1]]).toEqual([
    before.seats[1],
    before.seats[2],
    before.sections[1],
  ]);
  expect(after.seats[1]).toBe(before.seats[1]);
  expect(after.sections[1]).toBe(before.sections[1]);
  expect(after.sections[0]).not.toBe(before.sections[0]);
  const third = maps.next();
  server.streams[0]!.send({ kind: 'snapshot', ...statesAt(6, 'bha') });
  const replaced: LiveSeatMap = (await third).value;
  expect([replaced.seats[0] === after.seats[0], replaced.seats[2]?.state]).toEqual([true, 'available']);
  await maps.return?.();
  expect(server.streams[0]!.hasLeft).toBe(true);
});

test('who takes their time is given the latest map, not each one in between', async () => {
  const { server, evently } = serve();
  const maps = evently.events.watch({ showId: 's' })[Symbol.asyncIterator]();
  const first = maps.next();
  await settle();
  server.streams[0]!.send({ kind: 'snapshot', ...statesAt(1, 'aaa') });
  expect(spell((await first).value)).toBe('1 aaa');
  for (const index of [0, 1, 2]) server.streams[0]!.send(deltaAt(2 + index, index, 'h', 2 - index));
  await settle();
  expect(spell((await maps.next()).value)).toBe('4 hhh');
  await maps.return?.();
});

test('a stream that ends or falls silent is opened anew, from where it was', async () => {
  const { server, evently } = serve();
  const calling = new AbortController();
  const maps = evently.events.watch({ showId: 's' }, { signal: calling.signal })[Symbol.asyncIterator]();
  const first = maps.next();
  await settle();
  server.streams[0]!.send({ kind: 'snapshot', ...statesAt(4, 'aaa') });
  await first;
  server.streams[0]!.end();
  await vi.advanceTimersByTimeAsync(1000);
  expect(server.streams.map(({ lastEventId }) => lastEventId)).toEqual([undefined, '4']);
  server.streams[1]!.send(deltaAt(5, 1, 'h', 2));
  expect(spell((await maps.next()).value)).toBe('5 aha');
  for (let pings = 0; pings < 4; pings += 1) {
    await vi.advanceTimersByTimeAsync(15_000);
    server.streams[1]!.ping();
  }
  expect(server.streams).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(47_000);
  expect(server.streams[1]!.hasLeft).toBe(true);
  expect(server.streams[2]?.lastEventId).toBe('5');
  const next = maps.next();
  calling.abort(new Error('enough'));
  await expect(next).rejects.toThrow('enough');
  await settle();
  expect(server.streams[2]!.hasLeft).toBe(true);
});

test('where nothing can be streamed, it asks; later it tries again, from where it is', async () => {
  const { server, evently } = serve();
  server.refuse = () => new Response('<h1>Proxy</h1>', { headers: { 'content-type': 'text/html' } });
  const maps = evently.events.watch({ showId: 's' })[Symbol.asyncIterator]();
  const first = maps.next();
  await settle();
  expect(spell((await first).value)).toBe('0 aaa');
  server.states = statesAt(3, 'bba');
  const second = maps.next();
  await vi.advanceTimersByTimeAsync(5000);
  expect(spell((await second).value)).toBe('3 bba');
  const { polls } = server;
  expect(polls).toBeGreaterThan(1);
  server.refuse = null;
  await vi.advanceTimersByTimeAsync(65_000);
  expect(server.streams.map(({ lastEventId }) => lastEventId)).toEqual(['3']);
  const third = maps.next();
  server.streams[0]!.send(deltaAt(4, 2, 'b', 0));
  expect(spell((await third).value)).toBe('4 bbb');
  await maps.return?.();
});

test('a stream that somebody on the way holds back is given up, and so is a server without room', async () => {
  for (const refuse of [null, () => problemResponse({ code: 'overloaded', retryAfterMs: 1000 }, 503)]) {
    const { server, evently } = serve();
    server.refuse = refuse;
    server.holdsBack = true;
    const maps = evently.events.watch({ showId: 's' })[Symbol.asyncIterator]();
    const first = maps.next();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(spell((await first).value)).toBe('0 aaa');
    await maps.return?.();
    await settle();
  }
});

test('what there is not is said at once; what cannot be reached, before the first map', async () => {
  const { server, evently } = serve();
  server.refuse = () => problemResponse({ code: 'not_found' }, 404);
  const outcome = (watching: AsyncIterable<LiveSeatMap>) =>
    watching[Symbol.asyncIterator]()
      .next()
      .then(
        () => 'a map',
        (error: unknown) => (isProblem(error) ? error.problem.code : error),
      );
  expect(await outcome(evently.events.watch({ showId: 's' }))).toBe('not_found');
  const broken = createEvently({
    url: 'http://evently.test',
    retries: 0,
    fetch: () => Promise.reject(new TypeError('fetch failed')),
  });
  const unreachable = outcome(broken.events.watch({ showId: 's' }));
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await unreachable).toBe('unavailable');
});
