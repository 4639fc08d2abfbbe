import { createMulberry } from '@evently/api/mulberry';
import { expect, test } from 'vitest';
import { createFreePairs } from './free-pairs.ts';

const rows = ['a', 'b'].map((row) => Array.from({ length: 6 }, (_, i) => `${row}${i}`));

test('two neighbours of one row are chosen, the same ones for the same seed, and all of them in time', () => {
  const choose = (seed: number) => {
    const pairs = createFreePairs(rows, createMulberry(seed));
    return Array.from({ length: 200 }, () => pairs.next() ?? expect.fail('all are free'));
  };
  for (const [left, right] of choose(1)) {
    expect(left[0]).toBe(right[0]);
    expect(Number(right[1])).toBe(Number(left[1]) + 1);
  }
  expect(choose(1)).toEqual(choose(1));
  expect(choose(1)).not.toEqual(choose(2));
  expect(new Set(choose(1).map(String)).size).toBe(10);
});

test('what is known to be gone is never chosen again; when nothing is left, nothing is', () => {
  const pairs = createFreePairs(rows, createMulberry(3));
  const gone = ['a1', 'a3', 'a5', 'b0', 'b2'];
  pairs.markGone(gone);
  expect(pairs.goneShare()).toBeCloseTo(5 / 12);
  for (let i = 0; i < 50; i += 1) for (const seatId of pairs.next() ?? []) expect(gone).not.toContain(seatId);
  pairs.markGone(['b4']);
  expect(pairs.next()).toBeNull();
});
