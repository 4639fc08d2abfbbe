/** The house as characters: pure. */
import { centre, type Style, widthOf } from './style.ts';

/** A row of seats, with a letter for each: `a`vailable, `h`eld, `b`ooked, `x` kept back. */
export interface HallRow {
  row: string;
  marks: string;
}

export interface Hall {
  lines: string[];
  /** How many seats one character stands for, at most. */
  seatsPerMark: number;
}

/** Left of the hall stand the names of its rows; the same again to its right keeps it in the middle. */
const GUTTER = 6;
/** With fewer columns, a hall is no longer recognised as one. */
const LEAST_COLUMNS = 30;

/** The rows, the stage above them. Null when the terminal is too narrow. */
export function drawHall(rows: readonly HallRow[], style: Style, columns: number): Hall | null {
  const widest = Math.max(0, ...rows.map(({ marks }) => marks.length));
  const room = columns - 2 * GUTTER;
  if (widest === 0 || columns < LEAST_COLUMNS) return null;
  const gap = 2 * widest - 1 <= room ? ' ' : '';
  const seatsPerMark = Math.ceil(widest / room);
  const width = gap === '' ? Math.ceil(widest / seatsPerMark) : 2 * widest - 1;
  const edge = style.timeline.left.repeat(Math.max(2, Math.round(width / 4) - 3));
  return {
    seatsPerMark,
    lines: [
      style.dim(centre(`${edge} stage ${edge}`, columns)),
      ...rows.map(({ row, marks }) => {
        const drawn = centre(drawMarks(marks, seatsPerMark, gap, style), columns);
        // Into the margin, which is wide enough: the name of the row ends where the gutter does.
        return `  ${style.dim(row.slice(0, GUTTER - 3).padEnd(GUTTER - 3))}${drawn.slice(GUTTER - 1)}`;
      }),
    ],
  };
}

function drawMarks(marks: string, seatsPerMark: number, gap: string, style: Style): string {
  const paint: Record<string, string> = {
    a: style.dim(style.seats.a),
    h: style.held(style.seats.h),
    b: style.sold(style.seats.b),
    x: style.dim(style.seats.x),
  };
  const drawn: string[] = [];
  for (let at = 0; at < marks.length; at += seatsPerMark) {
    const together = marks.slice(at, at + seatsPerMark);
    // Where one mark stands for several seats, it shows what is still to be had.
    const shown = together.includes('a') ? 'a' : together.includes('h') ? 'h' : together.charAt(0);
    drawn.push(paint[shown] ?? shown);
  }
  return drawn.join(gap);
}

export function countMarks(rows: readonly HallRow[]): Record<'a' | 'h' | 'b' | 'x', number> {
  const counts = { a: 0, h: 0, b: 0, x: 0 };
  for (const { marks } of rows) {
    for (const mark of marks) if (mark === 'a' || mark === 'h' || mark === 'b' || mark === 'x') counts[mark] += 1;
  }
  return counts;
}

/** A bar of places, in parts that are sold, held and free. */
export function drawBar(
  { sold, held, capacity }: { sold: number; held: number; capacity: number },
  width: number,
  style: Style,
): string {
  const upTo = (places: number) => Math.round((places / Math.max(1, capacity)) * width);
  const soldWidth = Math.min(width, upTo(sold));
  const heldWidth = Math.min(width, upTo(sold + held)) - soldWidth;
  const freeWidth = width - soldWidth - heldWidth;
  return (
    style.sold(style.bar.sold.repeat(soldWidth)) +
    style.held(style.bar.held.repeat(heldWidth)) +
    style.dim(style.bar.free.repeat(freeWidth))
  );
}

/** A character a second, as high as what was sold in it. The latest `width` of them. */
export function drawSparkline(values: readonly number[], width: number, style: Style): string {
  const most = Math.max(1, ...values);
  const steps = [...style.spark];
  return Array.from(values)
    .slice(-Math.max(1, width))
    .map((value) => {
      const step = steps[Math.ceil(((value ?? 0) / most) * (steps.length - 1))] ?? ' ';
      return value ? style.sold(step) : style.dim(step);
    })
    .join('');
}

/** Puts `right` at the end of a line of so many columns; it is left out when there is no room. */
export function withRight(left: string, right: string, columns: number): string {
  const gap = columns - widthOf(left) - widthOf(right);
  return gap < 2 ? left : `${left}${' '.repeat(gap)}${right}`;
}
