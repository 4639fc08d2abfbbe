import { expect, test } from 'vitest';
import { planRows, sectionPlans } from './plan.ts';

const seated = (name: string, rows: { row: string; seats: number | { number: string; x: number; y: number }[] }[]) => ({
  name,
  kind: 'seated' as const,
  rows,
});

test('counted seats are numbered from 1, centred, and each row lies behind the one before', () => {
  const { sections, seats } = planRows('v', 1, [
    seated('Stalls', [
      { row: 'A', seats: 2 },
      { row: 'B', seats: 3 },
    ]),
  ]);
  expect(sections).toMatchObject([{ name: 'Stalls', kind: 'seated', capacity: 5, position: 0, layout_version: 1 }]);
  expect(seats.map((seat) => [seat.row_label, seat.number, seat.x, seat.y, seat.position])).toEqual([
    ['A', '1', -0.5, 0, 0],
    ['A', '2', 0.5, 0, 1],
    ['B', '1', -1, 2, 2],
    ['B', '2', 0, 2, 3],
    ['B', '3', 1, 2, 4],
  ]);
});

test('seats with places of their own keep them', () => {
  const { seats } = planRows('v', 1, [seated('Box', [{ row: '1', seats: [{ number: '7a', x: 12.5, y: -3 }] }])]);
  expect(seats).toMatchObject([{ number: '7a', x: 12.5, y: -3 }]);
});

test('names that stand twice are refused where they stand', () => {
  const seat = { number: '1', x: 0, y: 0 };
  const plan = [
    seated('Stalls', [
      { row: 'A', seats: 1 },
      { row: 'A', seats: [seat, seat] },
    ]),
    { name: 'Stalls', kind: 'standing', capacity: 1 },
  ];
  expect(sectionPlans.safeParse(plan).error?.issues.map((issue) => issue.path.join('.'))).toEqual([
    '1.name',
    '0.rows.1.row',
    '0.rows.1.seats.1.number',
  ]);
});

test('a plan of more than 200,000 seats is refused', () => {
  const rows = Array.from({ length: 50 }, (_, r) => ({ row: String(r), seats: 2000 }));
  expect(sectionPlans.safeParse([seated('1', rows), seated('2', rows)]).success).toBe(true);
  expect(
    sectionPlans.safeParse([seated('1', rows), seated('2', rows), seated('3', [{ row: '1', seats: 1 }])]).success,
  ).toBe(false);
});
