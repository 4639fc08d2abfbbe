import { expect, test } from 'vitest';
import { readRushOptions } from './options.ts';

test('without options there is a rush to look at', () => {
  expect(readRushOptions({})).toEqual({ buyers: 300, seats: 120, places: 80, seconds: 30, price: 2500, seed: 1 });
});

test('options are whole numbers within their bounds', () => {
  expect(
    readRushOptions({ buyers: '2000', seats: '0', places: '10000', seconds: '300', price: '0', seed: '0' }),
  ).toEqual({
    buyers: 2000,
    seats: 0,
    places: 10_000,
    seconds: 300,
    price: 0,
    seed: 0,
  });
});

test.each([
  ['buyers', '0'],
  ['buyers', '2001'],
  ['seconds', '1'],
  ['seconds', '301'],
  ['seats', '-1'],
  ['places', '1e3'],
  ['price', '9.99'],
  ['seed', ''],
])('--%s %s is refused with its bounds', (name, text) => {
  expect(readRushOptions({ [name]: text })).toEqual([
    expect.stringMatching(`^--${name} must be a whole number from \\d+ to \\d+`),
  ]);
});

test('every option that does not fit has its line, and a show with nothing to sell is none', () => {
  expect(readRushOptions({ buyers: 'many', seconds: 'few' })).toHaveLength(2);
  expect(readRushOptions({ seats: '0', places: '0' })).toEqual([expect.stringContaining('cannot be sold')]);
});
