/** The plans of smaller places: a cabaret with tables, a concert hall, a thrust stage, a cinema. Pure. */
import {
  AISLE,
  numberThrough,
  type PlacedRow,
  type PlacedSection,
  type Point,
  placeOnArc,
  placeOnLine,
  ROW_PITCH,
  rounded,
  rowLetter,
} from './seat-rows.ts';

/** From a table's middle to its chairs. */
const CHAIR_DISTANCE = 1;

/** A table of four, its chairs numbered clockwise from the one that is back left. */
function table(middle: Point): Point[] {
  const reach = CHAIR_DISTANCE * Math.SQRT1_2;
  const chairs: [number, number][] = [
    [-1, 1],
    [-1, -1],
    [1, -1],
    [1, 1],
  ];
  return chairs.map(([x, y]) => ({ x: rounded(middle.x + x * reach), y: rounded(middle.y + y * reach) }));
}

/** Tables to a row, from the stage backwards. */
const TABLES = [5, 7, 8];
const TABLE_PITCH = 4;

/** Twenty tables of four and two benches behind them: 120 seats. */
export function cabaretSections(): PlacedSection[] {
  const middles = TABLES.flatMap((count, row) => {
    const radius = 14 + row * TABLE_PITCH;
    return Array.from({ length: count }, (_, index) => {
      const angle = ((index - (count - 1) / 2) * TABLE_PITCH) / radius;
      return { x: radius * Math.sin(angle), y: radius * Math.cos(angle) - 10 };
    });
  });
  const tables = middles.map((middle, index) => ({ row: String(index + 1), seats: numberThrough([table(middle)]) }));
  const benches = [0, 1].map((index): PlacedRow => {
    const radius = 27 + index * ROW_PITCH;
    const half = 11.2 / radius;
    const arc = { centre: { x: 0, y: -10 }, radius, from: -half, to: half, aisles: [0] };
    return { row: rowLetter(index), seats: numberThrough(placeOnArc(arc)) };
  });
  return [
    { name: 'Tables', kind: 'seated', rows: tables },
    { name: 'Benches', kind: 'seated', rows: benches },
  ];
}

/** A straight row on both sides of a middle aisle. */
const row = (seatsASide: number, y: number): Point[][] => [
  placeOnLine({ x: -AISLE / 2 - seatsASide, y }, { x: -AISLE / 2, y }),
  placeOnLine({ x: AISLE / 2, y }, { x: AISLE / 2 + seatsASide, y }),
];

/** A shoebox: parterre, balcony, and a gallery along either wall. */
export function concertHallSections(): PlacedSection[] {
  const rows = (count: number, seatsASide: number, y: number): PlacedRow[] =>
    Array.from({ length: count }, (_, index) => ({
      row: String(index + 1),
      seats: numberThrough(row(seatsASide, y + index * ROW_PITCH)),
    }));
  const gallery = (from: Point, to: Point): PlacedRow[] => [
    { row: '1', seats: numberThrough([placeOnLine(from, to)]) },
  ];
  return [
    { name: 'Parterre Front', kind: 'seated', rows: rows(8, 11, 4) },
    { name: 'Parterre', kind: 'seated', rows: rows(12, 11, 4 + 8 * ROW_PITCH).map(countedFrom(9)) },
    { name: 'Gallery Left', kind: 'seated', rows: gallery({ x: -16, y: 6 }, { x: -16, y: 36 }) },
    { name: 'Gallery Right', kind: 'seated', rows: gallery({ x: 16, y: 36 }, { x: 16, y: 6 }) },
    { name: 'Balcony', kind: 'seated', rows: rows(5, 14, 42.5) },
  ];
}

const countedFrom = (first: number) => (placed: PlacedRow, index: number) => ({
  ...placed,
  row: String(first + index),
});

/** A stage that juts out into the house, with a bank of seats on each of its three sides. */
export function thrustSections(): PlacedSection[] {
  const bank = (count: number, ends: (distance: number) => [Point, Point]): PlacedRow[] =>
    Array.from({ length: count }, (_, index) => ({
      row: rowLetter(index),
      seats: numberThrough([placeOnLine(...ends(index * ROW_PITCH))]),
    }));
  return [
    {
      name: 'Centre Bank',
      kind: 'seated',
      rows: bank(7, (d) => [
        { x: -7, y: 18 + d },
        { x: 7, y: 18 + d },
      ]),
    },
    {
      name: 'Left Bank',
      kind: 'seated',
      rows: bank(4, (d) => [
        { x: -10 - d, y: 2 },
        { x: -10 - d, y: 15 },
      ]),
    },
    {
      name: 'Right Bank',
      kind: 'seated',
      rows: bank(4, (d) => [
        { x: 10 + d, y: 15 },
        { x: 10 + d, y: 2 },
      ]),
    },
  ];
}

/** A cinema says only how many seats each of its rows has; where they are follows from that. */
export function cinemaSections() {
  const counts = [12, 13, 14, 14, 15, 15, 16, 16, 16, 16];
  const rows = counts.map((seats, index) => ({ row: rowLetter(index), seats }));
  return [{ name: 'Auditorium', kind: 'seated' as const, rows }];
}
