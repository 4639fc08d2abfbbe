import { expect, test } from 'vitest';
import { AISLE, numberOddEven, numberThrough, placeOnArc, placeOnLine, rowLetter } from './seat-rows.ts';

const origin = { x: 0, y: 0 };
const points = (count: number) => Array.from({ length: count }, (_, x) => ({ x, y: 0 }));

test('rows are lettered without I and O, and nobody gets a letter that does not exist', () => {
  const letters = Array.from({ length: 24 }, (_, index) => rowLetter(index)).join('');
  expect(letters).toBe('ABCDEFGHJKLMNPQRSTUVWXYZ');
  expect(() => rowLetter(24)).toThrow('row 24 has no letter');
});

test('an arc holds as many seats as fit, from left to right, its ends nearest the stage', () => {
  const [row = []] = placeOnArc({ centre: origin, radius: 20, from: -0.5, to: 0.5 });
  expect(row).toHaveLength(20);
  expect(row.map(({ x }) => x)).toEqual(row.map(({ x }) => x).toSorted((a, b) => a - b));
  expect(row[0]!.y).toBeLessThan(row[10]!.y);
  for (const { x, y } of row) expect(Math.hypot(x, y)).toBeCloseTo(20, 1);
});

test('an aisle keeps its width and no more, and mirrored blocks are equal', () => {
  const [left = [], middle = [], right = []] = placeOnArc({
    centre: origin,
    radius: 20,
    from: -0.59,
    to: 0.59,
    aisles: [-0.2, 0.2],
  });
  expect(right).toHaveLength(left.length);
  expect(right.map(({ x }) => x)).toEqual(left.map(({ x }) => -x).toReversed());
  const [before, after] = [left.at(-1)!, middle[0]!];
  // The distance is measured between the middles of two seats, each of them half a unit from the aisle.
  const gap = Math.hypot(after.x - before.x, after.y - before.y);
  expect(gap).toBeGreaterThanOrEqual(AISLE + 1 - 0.02);
  // The outer block could hold nearly one more seat; that space is at the wall.
  expect(gap).toBeLessThan(AISLE + 1.5);
});

test('a straight row is centred between its ends, one unit from seat to seat', () => {
  const row = placeOnLine({ x: 0, y: 10 }, { x: 3.5, y: 10 });
  expect(row).toEqual([
    { x: 0.75, y: 10 },
    { x: 1.75, y: 10 },
    { x: 2.75, y: 10 },
  ]);
});

test('numbers run through a row, or leave the centre as New York has it', () => {
  const blocks = [points(3), points(2), points(4)];
  expect(numberThrough(blocks).map((seat) => seat.number)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
  expect(numberOddEven(blocks).map((seat) => seat.number)).toEqual(['5', '3', '1', '101', '102', '2', '4', '6', '8']);
});

test('a seat that fits exactly is not lost to rounding', () => {
  // In doubles these are 9.999999999999998 and 3.9999999999999996 long.
  expect(placeOnArc({ centre: origin, radius: 100, from: 0.2, to: 0.3 }).flat()).toHaveLength(10);
  expect(placeOnLine({ x: -4.1, y: 0 }, { x: -0.1, y: 0 })).toHaveLength(4);
});
