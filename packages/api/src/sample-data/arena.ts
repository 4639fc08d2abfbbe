/** The plans of two large places under lights: an arena with a standing floor, and an open-air amphitheatre. Pure. */
import {
  AISLE,
  numberThrough,
  type PlacedRow,
  type PlacedSection,
  type Point,
  placeOnArc,
  placeOnLine,
  ROW_PITCH,
} from './seat-rows.ts';

interface StandingSection {
  name: string;
  kind: 'standing';
  capacity: number;
}

/** The front row runs around the floor, from the stage down the left side, along the rear and up the right side. */
const HALF_WIDTH = 26;
const NEAR_STAGE = 4;
const REAR = 46;
/** Of the front row in the two corners; further back it grows. */
const CORNER_RADIUS = 8;
const ROWS = 11;

type PlaceRow = (distance: number) => Point[];

/** A row along a straight stand: `at` answers the point `along` the stand and `distance` behind its front row. */
const straight =
  (from: number, to: number, at: (along: number, distance: number) => Point): PlaceRow =>
  (distance) =>
    placeOnLine(at(from, distance), at(to, distance));

const corner =
  (side: -1 | 1): PlaceRow =>
  (distance) => {
    const radius = CORNER_RADIUS + distance;
    // Stairs run along both ends of the block.
    const inset = AISLE / 2 / radius;
    const [from, to] = side < 0 ? [-Math.PI / 2, 0] : [0, Math.PI / 2];
    const centre = { x: side * (HALF_WIDTH - CORNER_RADIUS), y: REAR - CORNER_RADIUS };
    const stairs = [(from + to) / 2];
    return placeOnArc({ centre, radius, from: from + inset, to: to - inset, aisles: stairs }).flat();
  };

/** The blocks in the order in which one walks past them, from the stage down the left side and around. */
function arenaBlocks(): PlaceRow[] {
  const half = AISLE / 2;
  const left = (y: number, distance: number): Point => ({ x: -HALF_WIDTH - distance, y });
  const right = (y: number, distance: number): Point => ({ x: HALF_WIDTH + distance, y });
  const rear = (x: number, distance: number): Point => ({ x, y: REAR + distance });
  const sideEnd = REAR - CORNER_RADIUS;
  const sideMiddle = (NEAR_STAGE + sideEnd) / 2;
  const rearEnd = HALF_WIDTH - CORNER_RADIUS;
  return [
    straight(NEAR_STAGE, sideMiddle - half, left),
    straight(sideMiddle + half, sideEnd - half, left),
    corner(-1),
    straight(-rearEnd + half, -half, rear),
    straight(half, rearEnd - half, rear),
    corner(1),
    // Seats are numbered from the left as one looks at the floor, which on this side is from the rear.
    straight(sideEnd - half, sideMiddle + half, right),
    straight(sideMiddle - half, NEAR_STAGE, right),
  ];
}

const rowsOf = (count: number, place: (index: number) => Point[]): PlacedRow[] =>
  Array.from({ length: count }, (_, index) => ({ row: String(index + 1), seats: numberThrough([place(index)]) }));

/** A standing floor for 1,400 and eight blocks of seats around it, numbered from 101. */
export function arenaSections(): (PlacedSection | StandingSection)[] {
  const blocks = arenaBlocks().map(
    (place, index): PlacedSection => ({
      name: `Block ${101 + index}`,
      kind: 'seated',
      rows: rowsOf(ROWS, (row) => place(row * ROW_PITCH)),
    }),
  );
  return [{ name: 'Standing Floor', kind: 'standing', capacity: 1400 }, ...blocks];
}

/** Stone tiers in a half circle around the stage, and a lawn above them. */
export function amphitheatreSections(): (PlacedSection | StandingSection)[] {
  const tiers = Array.from({ length: 9 }, (_, index): PlacedRow => {
    const aisles = [-0.88, -0.3, 0.3, 0.88];
    const arc = { centre: { x: 0, y: 0 }, radius: 12 + index * ROW_PITCH, from: -1.42, to: 1.42, aisles };
    return { row: String(index + 1), seats: numberThrough(placeOnArc(arc)) };
  });
  return [
    { name: 'Lower Tiers', kind: 'seated', rows: tiers.slice(0, 4) },
    { name: 'Upper Tiers', kind: 'seated', rows: tiers.slice(4) },
    { name: 'Lawn', kind: 'standing', capacity: 600 },
  ];
}
