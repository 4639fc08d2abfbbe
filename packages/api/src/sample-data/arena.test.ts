import { expect, test } from 'vitest';
import { amphitheatreSections, arenaSections } from './arena.ts';
import { AISLE, type PlacedSection } from './seat-rows.ts';

const seatedOf = (sections: ReturnType<typeof arenaSections>): PlacedSection[] =>
  sections.filter((section) => section.kind === 'seated');
const seatsOf = ({ rows }: PlacedSection) => rows.flatMap(({ seats }) => seats);
const blocks = seatedOf(arenaSections());
const frontRow = (name: string) => blocks.find((block) => block.name === name)!.rows[0]!.seats;

test('the arena has 1,502 seats in eight blocks and a floor to stand on', () => {
  expect(blocks.map((block) => [block.name, seatsOf(block).length])).toEqual([
    ['Block 101', 176],
    ['Block 102', 165],
    ['Block 103', 234],
    ['Block 104', 176],
    ['Block 105', 176],
    ['Block 106', 234],
    ['Block 107', 165],
    ['Block 108', 176],
  ]);
  expect(arenaSections().filter(({ kind }) => kind === 'standing')).toMatchObject([{ capacity: 1400 }]);
});

test('stairs run between any two blocks', () => {
  for (const [index, block] of blocks.entries()) {
    for (const other of blocks.slice(index + 1)) {
      const distances = seatsOf(block).flatMap((a) => seatsOf(other).map((b) => Math.hypot(a.x - b.x, a.y - b.y)));
      expect(Math.min(...distances), `${block.name} and ${other.name}`).toBeGreaterThan(AISLE + 0.9);
    }
  }
});

test('nobody sits on the floor', () => {
  const onFloor = blocks.flatMap(seatsOf).filter(({ x, y }) => Math.abs(x) < 18 && y < 45);
  expect(onFloor).toEqual([]);
});

test('seats are numbered from the left of whoever looks at the floor', () => {
  const grows = (name: string, axis: 'x' | 'y') => frontRow(name).at(-1)![axis] - frontRow(name)[0]![axis];
  expect(grows('Block 101', 'y')).toBeGreaterThan(0);
  expect(grows('Block 104', 'x')).toBeGreaterThan(0);
  expect(grows('Block 108', 'y')).toBeLessThan(0);
  expect(grows('Block 103', 'x')).toBeGreaterThan(0);
  expect(grows('Block 106', 'y')).toBeLessThan(0);
});

test('the amphitheatre has 403 seats, every row longer than the one before', () => {
  const rows = seatedOf(amphitheatreSections()).flatMap((section) => section.rows);
  const lengths = rows.map(({ seats }) => seats.length);
  expect(lengths.reduce((sum, length) => sum + length)).toBe(403);
  expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
  expect(rows.map(({ row }) => row)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
});
