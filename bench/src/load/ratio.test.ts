import fc from 'fast-check';
import { expect, test } from 'vitest';
import { median, pairedRatio } from './ratio.ts';

test('the median is the middle value, or the mean of the two in the middle', () => {
  expect(median([3])).toBe(3);
  expect(median([9, 1, 5])).toBe(5);
  expect(median([10, 2, 4, 100])).toBe(7);
  expect(() => median([])).toThrow(RangeError);
});

test('a machine that slows down for a round changes no ratio', () => {
  const rate = fc.double({ min: 1, max: 1e6, noNaN: true });
  const slowness = fc.double({ min: 0.1, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(rate, rate, slowness), { minLength: 1, maxLength: 9 }), (rounds) => {
      const calm = pairedRatio(
        rounds.map(([ours]) => ours),
        rounds.map(([, other]) => other),
      );
      const disturbed = pairedRatio(
        rounds.map(([ours, , by]) => ours * by),
        rounds.map(([, other, by]) => other * by),
      );
      expect(disturbed.ratio).toBeCloseTo(calm.ratio, 6 - Math.ceil(Math.log10(calm.ratio + 1)));
    }),
  );
});

test('one bad round of five moves the figure no further than to its neighbour', () => {
  expect(pairedRatio([400, 410, 5, 405, 395], [100, 100, 100, 100, 100])).toEqual({
    ratio: 4,
    ratios: [4, 4.1, 0.05, 4.05, 3.95],
  });
});

test('rounds that do not pair, and a side that did nothing, give no ratio', () => {
  expect(() => pairedRatio([1, 2], [1])).toThrow('2 rounds do not pair with 1');
  expect(() => pairedRatio([1, 2], [1, 0])).toThrow('did nothing in round 2');
});
