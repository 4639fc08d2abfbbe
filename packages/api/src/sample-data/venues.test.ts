import { describe, expect, test } from 'vitest';
import { planRows, sectionPlans } from '../venues/plan.ts';
import { type Point, ROW_PITCH } from './seat-rows.ts';
import { sampleVenues } from './venues.ts';

interface Seat extends Point {
  section: string;
  row: string;
  number: string;
}

function seatsOf(venue: (typeof sampleVenues)[keyof typeof sampleVenues]): Seat[] {
  const plan = planRows('venue', 1, sectionPlans.parse(venue.sections()));
  const names = new Map(plan.sections.map((section) => [section.id, section.name]));
  return plan.seats.map(({ section_id, row_label, number, x, y }) => ({
    section: names.get(section_id) ?? '',
    row: row_label,
    number,
    x,
    y,
  }));
}

const rowsOf = (seats: readonly Seat[]): Seat[][] => [
  ...Map.groupBy(seats, ({ section, row }) => `${section}, row ${row}`).values(),
];

/** Whether the line from a to b and the one from c to d meet. */
function meet(a: Point, b: Point, c: Point, d: Point): boolean {
  const side = (p: Point, q: Point, r: Point) => Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));
  return side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
}

function cross(one: readonly Seat[], other: readonly Seat[]): boolean {
  return one.slice(1).some((seat, i) => other.slice(1).some((rival, j) => meet(one[i]!, seat, other[j]!, rival)));
}

describe.each(Object.entries(sampleVenues))('%s', (_key, venue) => {
  const seats = seatsOf(venue);

  test('no two seats are nearer to each other than 0.8 units, in the whole house', () => {
    const tooNear = seats.flatMap((seat, index) =>
      seats.slice(index + 1).filter(({ x, y }) => Math.hypot(seat.x - x, seat.y - y) < 0.8),
    );
    expect(tooNear).toEqual([]);
  });

  test('sections keep at least the distance of two rows from each other', () => {
    const tooNear = seats.flatMap((seat, index) =>
      seats
        .slice(index + 1)
        .filter(
          ({ section, x, y }) => section !== seat.section && Math.hypot(seat.x - x, seat.y - y) < ROW_PITCH - 0.1,
        ),
    );
    expect(tooNear).toEqual([]);
  });

  test('no row crosses another', () => {
    const rows = rowsOf(seats);
    const crossing = rows.filter((row, index) => rows.slice(index + 1).some((other) => cross(row, other)));
    expect(crossing.map(([first]) => first)).toEqual([]);
  });

  test('numbers are unique in their row, and every row has a name of its own', () => {
    expect(new Set(seats.map(({ section, row, number }) => `${section} ${row} ${number}`)).size).toBe(seats.length);
  });

  test('the plan is centred below the stage and no house is larger than 90 by 70 units', () => {
    const xs = seats.map(({ x }) => x);
    const ys = seats.map(({ y }) => y);
    expect(Math.min(0, ...xs)).toBeGreaterThanOrEqual(-45);
    expect(Math.min(0, ...ys)).toBe(0);
    expect(Math.max(0, ...ys)).toBeLessThanOrEqual(70);
    expect(Math.min(0, ...xs) + Math.max(0, ...xs)).toBeCloseTo(0, 1);
  });
});

test('the houses have the seats that they were drawn for, fewer than 6,000 together so that the first start is quick', () => {
  const counts = Object.entries(sampleVenues).map(([key, venue]) => [key, seatsOf(venue).length] as const);
  expect(Object.fromEntries(counts)).toEqual({
    lindengrund: 1209,
    pfauenkeller: 120,
    havelbogen: 1502,
    sevenBridges: 640,
    petrolejka: 147,
    gaivota: 403,
    mareBaixa: 0,
    tanyard: 202,
    foundry: 332,
  });
  expect(counts.reduce((sum, [, count]) => sum + count, 0)).toBeLessThan(6000);
});

test('the arena, the open air and the club have room to stand', () => {
  const standing = Object.entries(sampleVenues).filter(([, venue]) =>
    venue.sections().some(({ kind }) => kind === 'standing'),
  );
  expect(standing.map(([key]) => key)).toEqual(['havelbogen', 'gaivota', 'mareBaixa']);
});
