import { expect, test } from 'vitest';
import { keysOf } from './seat-keys.ts';

const claim = { showId: 'show', seatIds: ['c', 'a', 'b', 'a'], userId: 'ada', idempotencyKey: 'key}{"1' };

test('each seat has one lock, in an order that does not depend on the request', () => {
  expect(keysOf(claim)).toMatchObject({
    seatIds: ['a', 'b', 'c'],
    seats: ['{show}:seat:a', '{show}:seat:b', '{show}:seat:c'],
  });
  expect(keysOf({ ...claim, seatIds: ['b', 'c', 'a'] })).toEqual(keysOf(claim));
});

test('all locks of a show lie on one node of a Redis Cluster', () => {
  const { seats, claim: claimKey } = keysOf(claim);
  const tags = [...seats, claimKey].map((key) => /\{(.*?)\}/.exec(key)?.[1]);
  expect(new Set(tags)).toEqual(new Set(['show']));
});

test("a claim is its user's and its show's own", () => {
  const others = [{ userId: 'bob' }, { showId: 'other' }, { idempotencyKey: 'key' }];
  const keys = [claim, ...others.map((other) => ({ ...claim, ...other }))].map((each) => keysOf(each).claim);
  expect(new Set(keys).size).toBe(4);
});
