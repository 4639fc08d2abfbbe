import { createMulberry } from '@evently/api/mulberry';
import { expect, test } from 'vitest';
import { planBuyers, planHoldSeconds, planRows, type RushOptions } from './plan.ts';
import { choose } from './random.ts';

const options: RushOptions = { buyers: 2000, seats: 120, places: 80, seconds: 30, price: 2500, seed: 1 };

test('the same seed makes the same buyers, and another seed others', () => {
  expect(planBuyers(options)).toEqual(planBuyers(options));
  const [same, others] = [planBuyers(options), planBuyers({ ...options, seed: 2 })];
  const alike = others.filter((buyer, index) => buyer.arrivesAfterMs === same[index]?.arrivesAfterMs);
  expect(alike.length).toBeLessThan(20);
});

test('one buyer more changes nothing about the others', () => {
  expect(planBuyers({ ...options, buyers: 20 })).toEqual(planBuyers(options).slice(0, 20));
});

test('a crowd is at the door when it opens, and everybody comes before the last part of the time', () => {
  const arrivals = planBuyers(options).map(({ arrivesAfterMs }) => arrivesAfterMs);
  expect(arrivals.filter((ms) => ms <= 1000).length).toBeGreaterThan(0.25 * 2000);
  expect(Math.max(...arrivals)).toBeLessThanOrEqual(21_000);
});

test('every kind of buyer is there', () => {
  const buyers = planBuyers(options);
  const kinds = (of: (buyer: (typeof buyers)[number]) => unknown) => new Set(buyers.map(of));
  expect(kinds(({ party }) => party)).toEqual(new Set([1, 2, 3]));
  expect(kinds(({ wants }) => wants)).toEqual(new Set(['seats', 'floor']));
  expect(kinds(({ choice }) => choice)).toEqual(new Set(['map', 'best']));
  expect(kinds(({ way }) => way)).toEqual(new Set(['book', 'hold']));
  expect(kinds(({ ending }) => ending)).toEqual(new Set(['confirm', 'release', 'lapse', 'dawdle']));
  expect(kinds(({ card }) => card)).toEqual(new Set(['pm_ok', 'pm_declined']));
});

test('nobody wants what the show does not have, and no card is declined where nothing costs anything', () => {
  expect(planBuyers({ ...options, places: 0 }).every(({ wants }) => wants === 'seats')).toBe(true);
  expect(planBuyers({ ...options, seats: 0 }).every(({ wants }) => wants === 'floor')).toBe(true);
  expect(planBuyers({ ...options, price: 0 }).every(({ card }) => card === 'pm_ok')).toBe(true);
});

test('the rows of any hall have all of its seats, and none is empty', () => {
  for (let seats = 1; seats <= 1000; seats += 1) {
    const rows = planRows(seats);
    expect(rows.reduce((sum, width) => sum + width, 0)).toBe(seats);
    expect(rows.length).toBeLessThanOrEqual(10);
    expect(Math.min(...rows)).toBeGreaterThan(0);
  }
  expect(planRows(0)).toEqual([]);
  expect(planRows(120)).toEqual([8, 11, 12, 14, 16, 18, 19, 22]);
});

test('holds lapse while the rush goes on', () => {
  expect([2, 30, 300].map(planHoldSeconds)).toEqual([1, 6, 20]);
});

test('numbers drawn at random lie from 0 up to 1, everywhere in it, and follow the weights', () => {
  const random = createMulberry(7);
  const drawn = Array.from({ length: 10_000 }, random);
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...drawn)).toBeLessThan(1);
  for (let tenth = 0; tenth < 10; tenth += 1) {
    expect(Math.abs(drawn.filter((value) => Math.floor(value * 10) === tenth).length - 1000)).toBeLessThan(150);
  }
  const chosen = Array.from({ length: 1000 }, () =>
    choose(random, [['often', 9] as const, ['never', 0] as const, ['seldom', 1] as const]),
  );
  expect(chosen).not.toContain('never');
  expect(Math.abs(chosen.filter((choice) => choice === 'seldom').length - 100)).toBeLessThan(50);
});
