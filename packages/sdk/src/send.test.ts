import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Problem } from './contract.ts';
import { createEvently, type EventlyOptions } from './create-evently.ts';
import { EventlyError, isProblem } from './error.ts';
import { answer, breakDown, hang, page, refuse, succeed } from './testing.ts';

// The clock is the test's, so that no test waits and none depends on how fast the machine is.
beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount(), 'timers that were left behind').toBe(0);
  vi.useRealTimers();
});

const URL_OF_SERVER = 'http://evently.test';
const booking = { id: 'b1' };
const overloaded: Problem = { code: 'overloaded', retryAfterMs: 1000 };

function client(fetch: EventlyOptions['fetch'], options: Partial<EventlyOptions> = {}) {
  return createEvently({ url: URL_OF_SERVER, fetch, ...options });
}

/** Lets all the time pass that a call takes, and tells how it ended. */
async function outcome(promise: Promise<unknown>): Promise<{ value: unknown } | { error: unknown }> {
  const settled = promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  await vi.runAllTimersAsync();
  return await settled;
}

async function failureOf(promise: Promise<unknown>): Promise<EventlyError> {
  const result = await outcome(promise);
  if (!('error' in result && result.error instanceof EventlyError))
    throw new Error('an EventlyError was expected', { cause: result });
  return result.error;
}

test('every attempt of a booking carries the same key, and two bookings carry different ones', async () => {
  const { fetch, requests } = answer(breakDown, refuse(overloaded, 503, true), succeed(booking));
  const evently = client(fetch);
  expect(await outcome(evently.bookings.book({ showId: 's', seatIds: ['a'] }))).toEqual({ value: booking });
  await outcome(evently.bookings.book({ showId: 's', seatIds: ['a'] }));
  const keys = requests.map(({ input }) => input.idempotencyKey);
  expect(keys).toHaveLength(4);
  expect(keys[0]).toMatch(/^[\x21-\x7e]{20,255}$/);
  expect(keys.slice(0, 3)).toEqual([keys[0], keys[0], keys[0]]);
  expect(keys[3]).not.toBe(keys[0]);
});

test('a key of the caller is kept', async () => {
  const { fetch, requests } = answer(succeed(booking));
  await outcome(client(fetch).bookings.hold({ showId: 's', seatIds: ['a'], idempotencyKey: 'mine' }));
  expect(requests[0]?.input).toEqual({ showId: 's', seatIds: ['a'], idempotencyKey: 'mine' });
});

test('a key is made where pages lack crypto.randomUUID, too', async () => {
  const { fetch, requests } = answer(succeed(booking));
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
  await outcome(client(fetch).bookings.book({ showId: 's', seatIds: ['a'] }));
  vi.unstubAllGlobals();
  expect(requests[0]?.input.idempotencyKey).toMatch(/^[0-9a-f]{32}$/);
});

test('what takes no key is not given one', async () => {
  const { fetch, requests } = answer(succeed(booking));
  await outcome(client(fetch).bookings.confirm({ bookingId: 'b1' }));
  expect(requests[0]?.input).toEqual({ bookingId: 'b1' });
});

test('a mutation that may have happened is not sent again without a key', async () => {
  for (const uncertain of [breakDown, page(502)]) {
    const { fetch, requests } = answer(uncertain, succeed({}));
    const error = await failureOf(client(fetch).auth.register({ email: 'a@b.c', password: 'long enough', name: 'A' }));
    expect(error.problem.code).toBe('unavailable');
    expect(requests).toHaveLength(1);
  }
});

test('a mutation that the server turned away untouched is sent again, key or not', async () => {
  const retryAfterMs = 1000;
  for (const code of ['overloaded', 'unavailable', 'too_many_requests'] as const) {
    const { fetch, requests } = answer(refuse({ code, retryAfterMs }, 503, true), succeed({ token: 't' }));
    expect(await outcome(client(fetch).auth.login({ email: 'a@b.c', password: 'p' }))).toEqual({
      value: { token: 't' },
    });
    expect(requests).toHaveLength(2);
  }
});

test('queries, and mutations that are idempotent by their nature, are sent again when the network fails', async () => {
  const calls = [
    (evently: ReturnType<typeof client>) => evently.events.get({ eventId: 'e' }),
    (evently: ReturnType<typeof client>) => evently.bookings.confirm({ bookingId: 'b' }),
  ];
  for (const call of calls) {
    for (const failure of [breakDown, page(502), page(429)]) {
      const { fetch, requests } = answer(failure, succeed({ id: 'x' }));
      expect(await outcome(call(client(fetch)))).toEqual({ value: { id: 'x' } });
      expect(requests).toHaveLength(2);
    }
  }
});

test('a refusal that is an answer is not asked for twice, retryable or not', async () => {
  const refusals: Problem[] = [
    { code: 'seat_taken', seatIds: ['a'] },
    { code: 'sold_out', sectionId: 's', available: 0 },
    { code: 'hold_expired', state: 'expired' },
    { code: 'idempotency_mismatch' },
    { code: 'version_conflict' },
    { code: 'payment_declined', reason: 'declined' },
    { code: 'unauthenticated' },
    { code: 'not_found' },
    { code: 'internal' },
  ];
  for (const refusal of refusals) {
    const { fetch, requests } = answer(refuse(refusal, 409, true), succeed(booking));
    const error = await failureOf(client(fetch).bookings.book({ showId: 's', seatIds: ['a'] }));
    expect(error.problem.code).toBe(refusal.code);
    expect(requests).toHaveLength(1);
  }
});

test('there are two retries unless told otherwise, and never more than told', async () => {
  for (const [retries, attempts] of [
    [undefined, 3],
    [0, 1],
    [5, 6],
  ] as const) {
    const { fetch, requests } = answer(breakDown);
    const error = await failureOf(client(fetch, { retries }).events.list());
    expect(isProblem(error, 'unavailable') && error.problem.retryAfterMs).toBe(0);
    expect(requests).toHaveLength(attempts);
  }
});

test('a retry waits for as long as the server asks', async () => {
  const { fetch, requests } = answer(
    refuse({ code: 'overloaded', retryAfterMs: 5000 }, 503, true),
    succeed({ items: [] }),
  );
  const call = client(fetch).events.list();
  await vi.advanceTimersByTimeAsync(4999);
  expect(requests).toHaveLength(1);
  expect(await outcome(call)).toEqual({ value: { items: [] } });
  expect(requests).toHaveLength(2);
});

test('pauses grow, and differ from client to client', async () => {
  const pauses: number[] = [];
  for (const luck of [0, 1]) {
    vi.spyOn(Math, 'random').mockReturnValue(luck);
    const times: number[] = [];
    const { fetch } = answer(() => {
      times.push(performance.now());
      return breakDown(undefined as never);
    });
    await failureOf(client(fetch, { retries: 6 }).events.list());
    pauses.push(...times.slice(1).map((time, index) => Math.round(time - (times[index] ?? 0))));
  }
  vi.restoreAllMocks();
  expect(pauses).toEqual([100, 200, 400, 800, 1000, 1000, 200, 400, 800, 1600, 2000, 2000]);
});

test('a longer wait than ten seconds, or than the call may take, is left to the caller', async () => {
  for (const [retryAfterMs, timeoutMs] of [
    [10_001, 60_000],
    [3000, 3000],
  ] as const) {
    const { fetch, requests } = answer(refuse({ code: 'too_many_requests', retryAfterMs }, 429, true), succeed({}));
    const call = client(fetch, { timeoutMs }).events.list();
    const settled = vi.fn();
    call.then(settled, settled);
    await vi.advanceTimersByTimeAsync(0);
    expect(settled, 'settled at once').toHaveBeenCalled();
    expect(isProblem(await failureOf(call), 'too_many_requests')).toBe(true);
    expect(requests).toHaveLength(1);
  }
});

test("a call without an answer ends after 30 seconds, after its client's time, or after its own", async () => {
  for (const [own, ofClient, expected] of [
    [undefined, undefined, 30_000],
    [undefined, 2000, 2000],
    [500, 2000, 500],
  ] as const) {
    const { fetch, requests } = answer(hang);
    const call = client(fetch, { timeoutMs: ofClient }).bookings.book(
      { showId: 's', seatIds: ['a'] },
      { timeoutMs: own },
    );
    const settled = vi.fn();
    call.then(settled, settled);
    await vi.advanceTimersByTimeAsync(expected - 1);
    expect(settled).not.toHaveBeenCalled();
    const error = await failureOf(call);
    expect(error).toMatchObject({
      problem: { code: 'unavailable', retryAfterMs: 0 },
      status: 503,
      retryable: true,
      requestId: '',
    });
    expect(error.cause).toMatchObject({ name: 'TimeoutError' });
    expect(error.message).toBe(`No answer came within ${expected / 1000} s.`);
    // Whoever repeats the call by hand can do so safely.
    expect(error.idempotencyKey).toBe(requests[0]?.input.idempotencyKey);
    expect(requests[0]?.signal.aborted, 'the request is given up').toBe(true);
    expect(requests).toHaveLength(1);
  }
});

test('a call may be allowed any time', async () => {
  const { fetch } = answer(hang);
  const controller = new AbortController();
  const call = client(fetch, { timeoutMs: Number.POSITIVE_INFINITY }).events.list({}, { signal: controller.signal });
  const settled = vi.fn();
  call.then(settled, settled);
  await vi.advanceTimersByTimeAsync(86_400_000);
  expect(settled).not.toHaveBeenCalled();
  controller.abort();
  await expect(call).rejects.toBe(controller.signal.reason);
});

test('a call whose signal is aborted already is not sent', async () => {
  const { fetch, requests } = answer(succeed({}));
  const reason = new Error('changed my mind');
  expect(await outcome(client(fetch).events.list({}, { signal: AbortSignal.abort(reason) }))).toEqual({
    error: reason,
  });
  expect(requests).toHaveLength(0);
});

test("an abort rejects at once with the signal's reason, even where fetch does not heed it", async () => {
  const { fetch, requests } = answer(hang);
  const controller = new AbortController();
  const call = client(fetch).events.list({}, { signal: controller.signal });
  await vi.advanceTimersByTimeAsync(10);
  controller.abort();
  await expect(call).rejects.toBe(controller.signal.reason);
  expect(requests[0]?.signal.aborted).toBe(true);
});

test('an abort between two attempts rejects at once, and nothing is sent any more', async () => {
  const { fetch, requests } = answer(refuse({ code: 'overloaded', retryAfterMs: 5000 }, 503, true), succeed({}));
  const controller = new AbortController();
  const reason = new Error('changed my mind');
  const call = client(fetch).events.list({}, { signal: controller.signal });
  await vi.advanceTimersByTimeAsync(10);
  controller.abort(reason);
  await expect(call).rejects.toBe(reason);
  expect(vi.getTimerCount(), 'timers that would send it again').toBe(0);
  expect(requests).toHaveLength(1);
});

test('a signal that serves many calls keeps none of their listeners', async () => {
  const { fetch } = answer(succeed({ items: [] }));
  const { signal } = new AbortController();
  const added = vi.spyOn(signal, 'addEventListener');
  const removed = vi.spyOn(signal, 'removeEventListener');
  await outcome(client(fetch).events.list({}, { signal }));
  expect(added.mock.calls).toHaveLength(1);
  expect(removed.mock.calls.map(([type, listener]) => [type, listener])).toEqual(
    added.mock.calls.map(([type, listener]) => [type, listener]),
  );
});
