import { expect, test } from 'vitest';
import type { SeatSuggestion } from './contract.ts';
import { createEvently, type EventlyOptions } from './create-evently.ts';
import { isProblem } from './error.ts';
import { answer, refuse, succeed } from './testing.ts';

const client = (options: Partial<EventlyOptions>) =>
  createEvently({ url: 'http://evently.test', retries: 0, ...options });
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

const seats = (seatIds: string[], sectionId = 'stalls', amount = 100): SeatSuggestion => ({
  seatIds,
  sectionId,
  adjacent: true,
  orphans: 0,
  total: { amount, currency: 'EUR' },
});
const suggest = (...suggestions: SeatSuggestion[]) => succeed({ suggestions });
const taken = (seatIds: string[], ...alternatives: SeatSuggestion[]) =>
  refuse({ code: 'seat_taken', seatIds, ...(alternatives.length > 0 ? { alternatives } : {}) }, 409, true);
const booking = succeed({ id: 'b' });

test('the best suggestion is held, with what goes with it', async () => {
  const { fetch, requests } = answer(suggest(seats(['a', 'b']), seats(['c', 'd'])), booking);
  const wish = { showId: 's', quantity: 2, maxPrice: 50, sectionIds: ['stalls'] };
  expect(await client({ fetch }).bookings.holdBest({ ...wish, specialRequests: 'Aisle' })).toEqual({ id: 'b' });
  expect(requests.map(({ url, input }) => [url.pathname, input])).toEqual([
    ['/trpc/events.suggestSeats', wish],
    [
      '/trpc/bookings.hold',
      { showId: 's', seatIds: ['a', 'b'], specialRequests: 'Aisle', idempotencyKey: expect.any(String) },
    ],
  ]);
});

test('who is too late goes on with what the refusal offers, then with the other suggestions, each with its own key', async () => {
  const { fetch, requests } = answer(
    suggest(seats(['a', 'b']), seats(['b', 'c']), seats(['e', 'f'])),
    taken(['b'], seats(['x', 'y'])),
    taken(['x']),
    booking,
  );
  await client({ fetch }).bookings.holdBest({ showId: 's', quantity: 2 });
  const [, ...holds] = requests;
  expect(holds.map(({ input }) => input.seatIds)).toEqual([
    ['a', 'b'],
    ['x', 'y'],
    ['e', 'f'],
  ]);
  expect(new Set(holds.map(({ input }) => input.idempotencyKey)).size).toBe(3);
});

test('nothing is held that costs more or lies elsewhere than was asked for', async () => {
  const { fetch, requests } = answer(
    suggest(seats(['a'])),
    taken(['a'], seats(['b'], 'balcony', 10), seats(['c'], 'stalls', 51), seats(['d'], 'stalls', 50)),
    booking,
  );
  await client({ fetch }).bookings.holdBest({ showId: 's', quantity: 1, sectionIds: ['STALLS'], maxPrice: 50 });
  expect(requests.at(-1)?.input.seatIds).toEqual(['d']);
});

test('when all is used up it asks anew', async () => {
  const { fetch, requests } = answer(suggest(seats(['a'])), taken(['a']), suggest(seats(['z'])), booking);
  await client({ fetch }).bookings.holdBest({ showId: 's', quantity: 1 });
  expect(requests.map(({ url }) => url.pathname.split('.').at(-1))).toEqual([
    'suggestSeats',
    'hold',
    'suggestSeats',
    'hold',
  ]);
});

test('it ends after eight tries with the last refusal, and with any other problem at once', async () => {
  let seat = 0;
  const next = () => seats([`s${seat++}`]);
  const busy = answer(suggest(next()), ...Array.from({ length: 20 }, (_, n) => taken([`s${n}`], next())));
  const error = await failureOf(client({ fetch: busy.fetch }).bookings.holdBest({ showId: 's', quantity: 1 }));
  expect(isProblem(error, 'seat_taken') && error.problem.seatIds).toEqual(['s7']);
  expect(busy.requests).toHaveLength(9);
  const closed = answer(suggest(seats(['a'])), refuse({ code: 'not_on_sale' }));
  const other = await failureOf(client({ fetch: closed.fetch }).bookings.holdBest({ showId: 's', quantity: 1 }));
  expect(isProblem(other, 'not_on_sale')).toBe(true);
  expect(closed.requests).toHaveLength(2);
});

test('where nothing is suggested the problem says why: sold out at this price, or only places to stand', async () => {
  const section = (sectionId: string, kind: string, amount: number, available: number) => ({
    sectionId,
    kind,
    price: { amount, currency: 'EUR' },
    available,
  });
  const show = succeed({
    sections: [section('floor', 'standing', 10, 500), section('a', 'seated', 90, 30), section('b', 'seated', 40, 1)],
  });
  const ask = async (wish: { sectionIds?: string[]; maxPrice?: number }) => {
    const { fetch } = answer(suggest(), show);
    const error = await failureOf(client({ fetch }).bookings.holdBest({ showId: 's', quantity: 2, ...wish }));
    return isProblem(error) ? error.problem : error;
  };
  expect(await ask({ maxPrice: 50 })).toMatchObject({ code: 'sold_out', sectionId: 'b', available: 1 });
  expect(await ask({ sectionIds: ['a'], maxPrice: 50 })).toMatchObject({ sectionId: 'a', available: 0 });
  expect(await ask({ sectionIds: ['floor'] })).toMatchObject({ code: 'invalid_input', status: 400 });
});

test('the signal ends it between two tries, and what time is left counts for all of it', async () => {
  const controller = new AbortController();
  const { fetch, requests } = answer(suggest(seats(['a'])), taken(['a']), suggest(seats(['b'])), booking);
  const held = client({ fetch }).bookings.holdBest({ showId: 's', quantity: 1 }, { signal: controller.signal });
  const failure = failureOf(held);
  while (requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  controller.abort();
  const waited = new Promise((resolve) => setTimeout(resolve, 0, 'waited'));
  expect(await Promise.race([failure, waited])).toBe(controller.signal.reason);
  expect(requests).toHaveLength(2);

  const slow = answer(suggest(seats(['a'])), taken(['a']), suggest(seats(['b'])), booking);
  const late = client({ fetch: slow.fetch }).bookings.holdBest({ showId: 's', quantity: 1 }, { timeoutMs: 40 });
  expect(isProblem(await failureOf(late), 'seat_taken', 'unavailable')).toBe(true);
  expect(slow.requests.length).toBeLessThan(3);
});
