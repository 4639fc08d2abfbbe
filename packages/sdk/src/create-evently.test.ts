import { TRPCClientError } from '@trpc/client';
import { expect, test } from 'vitest';
import { createEvently, type EventlyOptions } from './create-evently.ts';
import { EventlyError, isProblem } from './error.ts';
import { procedures } from './procedures.ts';
import { answer, breakDown, page, refuse, succeed } from './testing.ts';

const client = (options: Partial<EventlyOptions>) =>
  createEvently({ url: 'http://evently.test', retries: 0, ...options });
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

async function collect(list: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of list) items.push(item);
  return items;
}

test('queries are read with GET and mutations sent with POST, the input as plain JSON', async () => {
  const { fetch, requests } = answer(succeed({}));
  const evently = client({ fetch });
  await evently.events.list({ q: 'jazz & soul' });
  await evently.admin.events.publish({ eventId: 'e' });
  expect(requests).toMatchObject([
    { method: 'GET', url: { pathname: '/trpc/events.list' }, input: { q: 'jazz & soul' } },
    { method: 'POST', url: { pathname: '/trpc/admin.events.publish' }, input: { eventId: 'e' } },
  ]);
});

test('instants arrive as dates', async () => {
  const startsAt = new Date('2026-11-20T19:30:00Z');
  const { fetch } = answer(succeed({ startsAt }));
  expect((await client({ fetch }).events.show({ showId: 's' })).startsAt).toEqual(startsAt);
});

test('what needs no input takes none', async () => {
  const { fetch, requests } = answer(succeed({}));
  const evently = client({ fetch });
  await evently.auth.me();
  await evently.events.list();
  await evently.auth.logout(undefined, {});
  expect(requests.map(({ input }) => input)).toEqual([{}, {}, {}]);
});

test('the url may end in a slash, have a path, and be a URL', async () => {
  const { fetch, requests } = answer(succeed({}));
  for (const url of ['http://a.test/', 'http://a.test/tickets//', new URL('http://a.test')])
    await client({ fetch, url }).events.list();
  expect(requests.map(({ url }) => url.pathname)).toEqual([
    '/trpc/events.list',
    '/tickets/trpc/events.list',
    '/trpc/events.list',
  ]);
});

test('options that cannot work are refused at once, in a sentence', async () => {
  expect(() => client({ url: 'localhost:3000' })).toThrow('must begin with http:// or https://');
  for (const timeoutMs of [0, -1, Number.NaN])
    expect(() => client({ timeoutMs })).toThrow('timeoutMs must be a number above 0');
  for (const retries of [-1, 1.5, 11, Number.NaN])
    expect(() => client({ retries })).toThrow('retries must be a whole number');
  const { fetch, requests } = answer(succeed({}));
  await expect(client({ fetch }).events.list({}, { timeoutMs: 0 })).rejects.toThrow(
    'timeoutMs must be a number above 0',
  );
  expect(requests).toHaveLength(0);
});

test('a token travels as a bearer token; without one nobody is signed in', async () => {
  const { fetch, requests } = answer(succeed({}));
  for (const token of ['t1', () => 't2', async () => 't3', null, undefined, () => null])
    await client({ fetch, token }).auth.me();
  expect(requests.map(({ authorization }) => authorization)).toEqual([
    'Bearer t1',
    'Bearer t2',
    'Bearer t3',
    undefined,
    undefined,
    undefined,
  ]);
});

test('a token function is asked before every attempt', async () => {
  let asked = 0;
  const { fetch, requests } = answer(refuse({ code: 'overloaded', retryAfterMs: 0 }, 503, true), succeed({}));
  await client({ fetch, retries: 1, token: () => `t${asked++}` }).auth.me();
  expect(requests.map(({ authorization }) => authorization)).toEqual(['Bearer t0', 'Bearer t1']);
});

test('what a token function throws is handed on as it is, and nothing is sent', async () => {
  const mistake = new Error('no such cookie');
  const { fetch, requests } = answer(succeed({}));
  const token = () => Promise.reject(mistake);
  await expect(client({ fetch, token, retries: 2 }).auth.me()).rejects.toBe(mistake);
  expect(requests).toHaveLength(0);
});

test('a refusal arrives with its facts, its sentence and the id of the request', async () => {
  const { fetch, requests } = answer(refuse({ code: 'seat_taken', seatIds: ['a', 'b'] }, 409, true));
  const error = await failureOf(client({ fetch }).bookings.book({ showId: 's', seatIds: ['a', 'b'] }));
  expect(error).toBeInstanceOf(EventlyError);
  expect(error).toMatchObject({
    name: 'EventlyError',
    message: 'What is wrong.',
    problem: { code: 'seat_taken', seatIds: ['a', 'b'] },
    status: 409,
    retryable: true,
    requestId: 'request-1',
    idempotencyKey: requests[0]?.input.idempotencyKey,
  });
});

test('isProblem tells problems from other errors, and codes from each other', async () => {
  const { fetch } = answer(refuse({ code: 'sold_out', sectionId: 's', available: 3 }));
  const error = await failureOf(client({ fetch }).bookings.book({ showId: 's', seatIds: ['a'] }));
  expect(isProblem(error)).toBe(true);
  expect(isProblem(error, 'sold_out') && error.problem.available).toBe(3);
  expect(isProblem(error, 'seat_taken', 'sold_out')).toBe(true);
  expect(isProblem(error, 'seat_taken')).toBe(false);
  for (const other of [new Error('sold_out'), undefined, { problem: { code: 'sold_out' } }])
    expect(isProblem(other)).toBe(false);
});

test('a network that fails is the problem unavailable, with the cause', async () => {
  const { fetch } = answer(breakDown);
  const error = await failureOf(client({ fetch }).events.list());
  expect(error).toMatchObject({ problem: { code: 'unavailable', retryAfterMs: 0 }, retryable: true, requestId: '' });
  expect(error).toMatchObject({ cause: { message: 'fetch failed' } });
});

test('what answers but is not Evently is named, and asked again only where that may help', async () => {
  const unavailable = { problem: { code: 'unavailable' }, cause: { name: 'ForeignAnswer', status: 404 } };
  const json = () => Response.json({ statusCode: 404, message: 'Not Found' }, { status: 404 });
  for (const foreign of [page(404), json]) {
    const { fetch, requests } = answer(foreign);
    const error = await failureOf(client({ fetch, retries: 2 }).events.list());
    expect(error).toMatchObject({
      ...unavailable,
      message: "The answer (HTTP 404) was not one of Evently's. Is the url right?",
    });
    expect(requests).toHaveLength(1);
  }
});

test('every procedure has its call, nested as it is named, and lists have all', () => {
  const evently: object = createEvently({ url: 'http://evently.test' });
  const found = Object.entries(procedures).map(([path, facts]) => {
    const call = path.split('.').reduce<unknown>((group, name) => (group as Record<string, unknown>)[name], evently);
    expect(call, path).toBeTypeOf('function');
    expect('all' in (call as object), path).toBe('paged' in facts);
    return path;
  });
  expect(found).toContain('admin.venues.create');
});

test('all pages are read one at a time, and no further than the reader goes', async () => {
  const pages = [
    { items: [1, 2], nextCursor: 'c1' },
    { items: [], nextCursor: 'c2' },
    { items: [3, 4], nextCursor: null },
  ] as const;
  const { fetch, requests } = answer(...([succeed(pages[0]), succeed(pages[1]), succeed(pages[2])] as const));
  const list = client({ fetch }).events.list.all({ q: 'jazz', limit: 2 });
  expect(requests, 'nothing is fetched before the first item is asked for').toHaveLength(0);
  const sent: number[] = [];
  const items: unknown[] = [];
  for await (const item of list) {
    items.push(item);
    sent.push(requests.length);
    if (items.length === 3) break;
  }
  expect(items).toEqual([1, 2, 3]);
  expect(sent).toEqual([1, 1, 3]);
  expect(requests.map(({ input }) => input)).toEqual([
    { q: 'jazz', limit: 2 },
    { q: 'jazz', limit: 2, cursor: 'c1' },
    { q: 'jazz', limit: 2, cursor: 'c2' },
  ]);
});

test('a list is read to its end, from the cursor it is given, and anew by each loop', async () => {
  const { fetch, requests } = answer(succeed({ items: [1, 2], nextCursor: null }));
  const list = client({ fetch }).events.list.all({ cursor: 'c9' });
  expect(await collect(list)).toEqual([1, 2]);
  expect(await collect(list)).toEqual([1, 2]);
  expect(requests.map(({ input }) => input.cursor)).toEqual(['c9', 'c9']);
});

test('a list that does not advance is not read for ever', async () => {
  const { fetch, requests } = answer(succeed({ items: [1], nextCursor: 'same' }));
  await expect(collect(client({ fetch }).events.list.all())).rejects.toThrow('does not advance');
  expect(requests).toHaveLength(2);
});

test('a page that fails ends the loop with its error, and the signal ends it between pages', async () => {
  const { fetch } = answer(succeed({ items: [1], nextCursor: 'c1' }), refuse({ code: 'unauthenticated' }, 401));
  expect(isProblem(await failureOf(collect(client({ fetch }).bookings.list.all())), 'unauthenticated')).toBe(true);

  const controller = new AbortController();
  const endless = answer(succeed({ items: [1], nextCursor: 'c1' }), succeed({ items: [2], nextCursor: 'c2' }));
  const read = async () => {
    for await (const _ of client({ fetch: endless.fetch }).events.list.all({}, { signal: controller.signal }))
      controller.abort();
  };
  const error = await failureOf(read());
  expect(error).toBe(controller.signal.reason);
  expect(endless.requests).toHaveLength(1);
});

test('the plain tRPC client shares url, token and fetch, and finds the problem in the data of its errors', async () => {
  const startsAt = new Date('2026-11-20T19:30:00Z');
  const { fetch, requests } = answer(succeed({ startsAt }), refuse({ code: 'not_found' }, 404));
  const { trpc } = client({ fetch, token: 't' });
  expect((await trpc.events.show.query({ showId: 's' })).startsAt).toEqual(startsAt);
  expect(requests[0]).toMatchObject({ authorization: 'Bearer t', url: { pathname: '/trpc/events.show' } });
  const error = await failureOf(trpc.events.show.query({ showId: 's' }));
  expect(error).toBeInstanceOf(TRPCClientError);
  expect(error).toMatchObject({ data: { problem: { code: 'not_found' }, requestId: 'request-1' } });
});
