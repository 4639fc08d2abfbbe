/** The plan of a theatre of some 1,200 seats, with three tiers around a proscenium stage, and of its small sister: pure. */
import {
  numberOddEven,
  numberThrough,
  type PlacedRow,
  type PlacedSection,
  type Point,
  placeOnArc,
  ROW_PITCH,
  rounded,
  rowLetter,
} from './seat-rows.ts';

/** A tier of the house: concentric rows between two walls. */
interface Tier {
  centre: Point;
  /** Of the front row. */
  radius: number;
  rows: number;
  /** How far the rows reach around the stage to either side, in radians, as far as the walls let them. */
  reach: number;
  /** From the middle of the house to its wall. */
  halfWidth: number;
  /** Where aisles run, from -1 at the left end of each row to 1 at its right. */
  aisles: readonly number[];
}

const STALLS: Tier = {
  centre: { x: 0, y: -21 },
  radius: 24,
  rows: 18,
  reach: 0.5,
  halfWidth: 20,
  aisles: [-0.46, 0.46],
};
const CIRCLE: Tier = {
  centre: { x: 0, y: -1.5 },
  radius: 39,
  rows: 7,
  reach: 0.72,
  halfWidth: 27.5,
  aisles: [-0.56, 0, 0.56],
};
const BALCONY: Tier = {
  centre: { x: 0, y: 6 },
  radius: 47,
  rows: 5,
  reach: 0.6,
  halfWidth: 27.5,
  aisles: [-0.6, -0.2, 0.2, 0.6],
};

function reachOf(tier: Tier, radius: number): number {
  return Math.min(tier.reach, Math.asin(Math.min(1, tier.halfWidth / radius)));
}

function rowsOf(tier: Tier, number: typeof numberThrough = numberThrough): PlacedRow[] {
  return Array.from({ length: tier.rows }, (_, index) => {
    const radius = tier.radius + index * ROW_PITCH;
    const reach = reachOf(tier, radius);
    const aisles = tier.aisles.map((part) => part * reach);
    const blocks = placeOnArc({ centre: tier.centre, radius, from: -reach, to: reach, aisles });
    return { row: rowLetter(index), seats: number(blocks) };
  });
}

const BOXES_A_SIDE = 6;
const BOX_PITCH = 3.1;
/** From the ends of the stalls to the middle of a box. */
const BOX_DISTANCE = 3.2;

/** Boxes of four along one wall of the stalls, the first one next to the stage. */
function boxes(side: -1 | 1): PlacedRow[] {
  return Array.from({ length: BOXES_A_SIDE }, (_, index) => {
    const radius = STALLS.radius + 2 + index * BOX_PITCH;
    const reach = reachOf(STALLS, radius);
    const x = side * (radius * Math.sin(reach) + BOX_DISTANCE);
    const y = STALLS.centre.y + radius * Math.cos(reach);
    const chair = (dx: number, dy: number): Point => ({ x: rounded(x + dx), y: rounded(y + dy) });
    const chairs = [-0.6, 0.6].flatMap((dy) => [chair(-0.6, dy), chair(0.6, dy)]);
    return { row: String(index + 1), seats: numberThrough([chairs]) };
  });
}

/** Rows of the stalls that cost more. */
const FRONT_ROWS = 7;

/** Stalls, boxes, circle and balcony: 1,209 seats. */
export function theatreSections(): PlacedSection[] {
  const stalls = rowsOf(STALLS);
  return [
    { name: 'Stalls Front', kind: 'seated', rows: stalls.slice(0, FRONT_ROWS) },
    { name: 'Stalls', kind: 'seated', rows: stalls.slice(FRONT_ROWS) },
    { name: 'Boxes Left', kind: 'seated', rows: boxes(-1) },
    { name: 'Boxes Right', kind: 'seated', rows: boxes(1) },
    { name: 'Circle', kind: 'seated', rows: rowsOf(CIRCLE) },
    { name: 'Balcony', kind: 'seated', rows: rowsOf(BALCONY) },
  ];
}

/** A dance theatre: orchestra and mezzanine, numbered as New York does. */
export function danceTheatreSections(): PlacedSection[] {
  const centre = { x: 0, y: -18 };
  const aisles = [-0.45, 0.45];
  const orchestra = rowsOf({ centre, radius: 21, rows: 11, reach: 0.5, halfWidth: 13.5, aisles }, numberOddEven);
  const mezzanine = rowsOf({ centre, radius: 43.5, rows: 4, reach: 0.5, halfWidth: 15, aisles }, numberOddEven);
  return [
    { name: 'Orchestra', kind: 'seated', rows: orchestra },
    { name: 'Mezzanine', kind: 'seated', rows: mezzanine },
  ];
}
