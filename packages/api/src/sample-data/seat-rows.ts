/** How rows of seats are laid on a plan: pure geometry. One unit is one seat wide, y grows away from the stage. */

export interface Point {
  x: number;
  y: number;
}

export interface PlacedSeat extends Point {
  number: string;
}

export interface PlacedRow {
  row: string;
  seats: PlacedSeat[];
}

/** A section as `admin.venues.create` takes it, with a place for each of its seats. */
export interface PlacedSection {
  name: string;
  kind: 'seated';
  rows: PlacedRow[];
}

/** From the back of one row to the back of the next, in seats: 85 cm, where a seat is half a metre wide. */
export const ROW_PITCH = 1.7;
/** The width of an aisle, in seats. */
export const AISLE = 1.7;

/** Houses leave out I and O, which look like 1 and 0 on a ticket. */
const ROW_LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ';

/** The letter of a row, counted from 0. */
export function rowLetter(index: number): string {
  const letter = ROW_LETTERS[index];
  if (letter === undefined) throw new RangeError(`row ${index} has no letter`);
  return letter;
}

/** Hundredths of a seat are exact enough, and short in an answer. */
export const rounded = (value: number) => Math.round(value * 100) / 100 + 0;

/** A row on an arc. Angles are in radians: 0 points away from the stage, to the right of it they grow. */
export interface Arc {
  centre: Point;
  radius: number;
  from: number;
  to: number;
  /** Where aisles cross the row, as angles in ascending order. */
  aisles?: readonly number[];
}

/**
 * The seats of a row on an arc, from left to right, in blocks: as many as fit between its ends and its aisles, each one
 * unit from its neighbour along the arc. The outer blocks stand close to their aisles, so that only the walls see what is
 * left over; a block between two aisles stands in their middle.
 */
export function placeOnArc({ centre, radius, from, to, aisles = [] }: Arc): Point[][] {
  const halfAisle = AISLE / 2 / radius;
  const starts = [from, ...aisles.map((angle) => angle + halfAisle)];
  const ends = [...aisles.map((angle) => angle - halfAisle), to];
  return starts.map((start, block) => {
    const end = ends[block] ?? to;
    // The hair's breadth keeps mirrored blocks equal where rounding would tip one of them.
    const count = Math.floor((end - start) * radius + 1e-6);
    const spare = end - start - count / radius;
    const shift = Number(block === 0) - Number(block === starts.length - 1);
    const middle = (start + end + shift * spare) / 2;
    return Array.from({ length: count }, (_, index) => {
      const angle = middle + (index - (count - 1) / 2) / radius;
      return { x: rounded(centre.x + radius * Math.sin(angle)), y: rounded(centre.y + radius * Math.cos(angle)) };
    });
  });
}

/** The seats of a straight row, one unit apart, centred between its two ends. */
export function placeOnLine(from: Point, to: Point): Point[] {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const count = Math.floor(length + 1e-6);
  return Array.from({ length: count }, (_, index) => {
    const part = 0.5 + (index - (count - 1) / 2) / length;
    return { x: rounded(from.x + (to.x - from.x) * part), y: rounded(from.y + (to.y - from.y) * part) };
  });
}

/** Numbers a row through from its left end, across its aisles, as most of Europe does. */
export function numberThrough(blocks: readonly (readonly Point[])[]): PlacedSeat[] {
  return blocks.flat().map((point, index) => ({ number: String(index + 1), ...point }));
}

/**
 * Numbers a row of three blocks as New York does: odd numbers to the left and even ones to the right, both counted from
 * the aisle outwards, and from 101 in the centre.
 */
export function numberOddEven(blocks: readonly (readonly Point[])[]): PlacedSeat[] {
  const [left = [], centre = [], right = []] = blocks;
  return [
    ...left.map((point, index) => ({ number: String(2 * (left.length - index) - 1), ...point })),
    ...centre.map((point, index) => ({ number: String(101 + index), ...point })),
    ...right.map((point, index) => ({ number: String(2 * (index + 1)), ...point })),
  ];
}
