import { expect, test } from 'vitest';
import { createArrivals } from './arrivals.ts';

const take = (perSecond: number, seed: number, count: number) => {
  const next = createArrivals(perSecond, seed);
  return Array.from({ length: count }, next);
};

test('the same seed makes the same people arrive at the same times, another seed others', () => {
  expect(take(100, 7, 50)).toEqual(take(100, 7, 50));
  expect(take(100, 7, 50)).not.toEqual(take(100, 8, 50));
});

test('time never runs backwards, and on average as many arrive as were asked for', () => {
  const times = take(200, 3, 20_000);
  expect(times.every((time, i) => time >= (times[i - 1] ?? 0))).toBe(true);
  expect(times.at(-1)! / 20_000).toBeCloseTo(5, 0);
});

test('the gaps are those of people who know nothing of each other: about 37 % of them are longer than the mean', () => {
  const times = take(1000, 5, 20_000);
  const gaps = times.map((time, i) => time - (times[i - 1] ?? 0));
  const long = gaps.filter((gap) => gap > 1).length / gaps.length;
  expect(Math.abs(long - Math.exp(-1))).toBeLessThan(0.02);
});

test('a rate of nothing is refused', () => {
  expect(() => createArrivals(0, 1)).toThrow(RangeError);
  expect(() => createArrivals(Number.NaN, 1)).toThrow(RangeError);
});
