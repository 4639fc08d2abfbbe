import { expect, test } from 'vitest';
import type { PlacedRow } from './seat-rows.ts';
import { danceTheatreSections, theatreSections } from './theatre.ts';

const sections = theatreSections();
const rowsOf = (name: string): PlacedRow[] => sections.find((section) => section.name === name)?.rows ?? [];
const seatsOf = (rows: readonly PlacedRow[]) => rows.flatMap((row) => row.seats);
const count = (name: string) => seatsOf(rowsOf(name)).length;

test('the theatre has 1,209 seats in six sections', () => {
  expect(sections.map(({ name }) => [name, count(name)])).toEqual([
    ['Stalls Front', 171],
    ['Stalls', 393],
    ['Boxes Left', 24],
    ['Boxes Right', 24],
    ['Circle', 362],
    ['Balcony', 235],
  ]);
});

test('the stalls are lettered through from the front to the rear, without I and O', () => {
  expect([...rowsOf('Stalls Front'), ...rowsOf('Stalls')].map(({ row }) => row).join('')).toBe('ABCDEFGHJKLMNPQRST');
});

test('rows grow towards the rear and stop growing at the walls', () => {
  const lengths = [...rowsOf('Stalls Front'), ...rowsOf('Stalls')].map(({ seats }) => seats.length);
  expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
  expect(lengths[0]).toBe(19);
  expect(lengths.at(-1)).toBe(37);
});

test('every row of the tiers is curved: its ends are nearer to the stage than its middle', () => {
  for (const name of ['Stalls Front', 'Stalls', 'Circle', 'Balcony']) {
    for (const { seats } of rowsOf(name)) {
      const depths = seats.map(({ y }) => y);
      const deepest = Math.max(...depths);
      expect(deepest - depths[0]!).toBeGreaterThan(2);
      expect(deepest - depths.at(-1)!).toBeGreaterThan(2);
    }
  }
});

test('two aisles divide the stalls, three the circle, four the balcony', () => {
  const aisles = ({ seats }: PlacedRow) =>
    seats.filter((seat, index) => {
      const next = seats[index + 1];
      return next !== undefined && Math.hypot(next.x - seat.x, next.y - seat.y) > 2;
    }).length;
  const expected = { 'Stalls Front': 2, Stalls: 2, Circle: 3, Balcony: 4 };
  for (const [name, number] of Object.entries(expected)) {
    expect(new Set(rowsOf(name).map(aisles))).toEqual(new Set([number]));
  }
});

test('the circle lies behind the stalls, and the balcony behind the circle', () => {
  const middle = (name: string) =>
    seatsOf(rowsOf(name))
      .filter(({ x }) => Math.abs(x) < 6)
      .map(({ y }) => y);
  const tiers = ['Stalls Front', 'Stalls', 'Circle', 'Balcony'].map(middle);
  for (const [index, tier] of tiers.entries()) {
    const next = tiers[index + 1];
    if (next) expect(Math.max(...tier)).toBeLessThan(Math.min(...next));
  }
});

test('the house is the same on both sides', () => {
  const places = (side: 1 | -1) =>
    new Set(sections.flatMap(({ rows }) => seatsOf(rows)).map(({ x, y }) => `${side * x || 0} ${y}`));
  expect(places(-1)).toEqual(places(1));
});

test('the dance theatre numbers its centre from 101, odd to the left and even to the right', () => {
  const [row] = danceTheatreSections()[0]!.rows;
  expect(row!.seats.map(({ number }) => number).join(' ')).toBe('7 5 3 1 101 102 103 104 105 106 107 2 4 6 8');
  expect(row!.seats.map(({ x }) => x)).toEqual(row!.seats.map(({ x }) => x).toSorted((a, b) => a - b));
});
