import { EventlyError } from '@evently/sdk';
import { expect, test } from 'vitest';
import { percentilesOf } from './percentiles.ts';
import { countErrors, countRefusals, createTally, recordError, timed } from './tally.ts';

const described = { title: '', status: 409, detail: 'It is gone.', retryable: false };
const seatTaken = new EventlyError({ ...described, code: 'seat_taken', seatIds: ['s1'] }, { requestId: 'r1' });
const internal = new EventlyError({ ...described, code: 'internal' }, { requestId: 'r2' });
const unreachable = new EventlyError({ ...described, code: 'unavailable', retryAfterMs: 0 });
const overloaded = new EventlyError({ ...described, code: 'overloaded', retryAfterMs: 0 }, { requestId: 'r3' });

const fail = (error: unknown) => () => Promise.reject(error);

test('a refusal that a buyer may meet is counted by its code, with how long it took', async () => {
  const tally = createTally(1);
  expect(await timed(tally, 'hold', 'u1', fail(seatTaken))).toEqual({ refused: 'seat_taken', seatIds: ['s1'] });
  expect(await timed(tally, 'book', 'u1', fail(seatTaken))).toMatchObject({ refused: 'seat_taken' });
  expect(await timed(tally, 'book', 'u1', fail(overloaded))).toEqual({ refused: 'overloaded', seatIds: [] });
  expect([...tally.refusals]).toEqual([
    ['seat_taken', 2],
    ['overloaded', 1],
  ]);
  expect([countRefusals(tally), countErrors(tally), tally.unanswered.size]).toEqual([3, 0, 0]);
  expect([tally.latencies.hold.length, tally.latencies.book.length, tally.buying.length]).toEqual([1, 2, 3]);
});

test('a fault of the server, an answer that never came and a fault in here are errors, and have no latency', async () => {
  const tally = createTally(1);
  for (const error of [internal, unreachable, unreachable, new TypeError('oh')]) {
    expect(await timed(tally, 'confirm', 'u1', fail(error))).toBeNull();
  }
  expect([...tally.errors]).toEqual([
    ['confirm: internal, It is gone.', 1],
    ['confirm: unavailable, It is gone.', 2],
    ['confirm: oh', 1],
  ]);
  expect([countRefusals(tally), countErrors(tally)]).toEqual([0, 4]);
  expect([...tally.unanswered]).toEqual(['u1']);
  expect(tally.latencies.confirm).toEqual([]);
});

test('looking is timed, but is no part of buying', async () => {
  const tally = createTally(1);
  expect(await timed(tally, 'look', 'u1', async () => 7)).toEqual({ value: 7 });
  expect([tally.latencies.look.length, tally.buying.length]).toEqual([1, 0]);
});

test('however many kinds of errors there are, all are counted', () => {
  const tally = createTally(1);
  for (let kind = 0; kind < 1000; kind += 1) recordError(tally, `error ${kind}`);
  expect(countErrors(tally)).toBe(1000);
  expect(tally.errors.size).toBeLessThanOrEqual(21);
});

test('percentiles are values that were measured', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentilesOf(hundred)).toEqual({ count: 100, p50: 50, p90: 90, p99: 99, max: 100 });
  expect(percentilesOf([7])).toEqual({ count: 1, p50: 7, p90: 7, p99: 7, max: 7 });
  expect(percentilesOf([])).toBeNull();
});
