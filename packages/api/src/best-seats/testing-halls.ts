/** Sections drawn as text, for tests: `.` a free seat, `#` a taken one, `|` an aisle. Seats are named by row and place. */
import fc from 'fast-check';
import type { OpenSection } from './open-sections.ts';
import type { IsFree, Rows } from './runs.ts';

export interface Hall {
  rows: Rows;
  isFree: IsFree;
}

/** @param name goes before the names of the seats */
export function drawHall(drawing: readonly string[], name = ''): Hall {
  const rows = drawing.map((row, y) =>
    [...row].flatMap((sign, x) =>
      sign === '|' ? [] : [{ seatId: `${name}${y}:${x}`, besidePrevious: x > 0 && row[x - 1] !== '|' }],
    ),
  );
  const free = new Set(drawing.flatMap((row, y) => [...row].flatMap((c, x) => (c === '.' ? `${name}${y}:${x}` : []))));
  return { rows, isFree: (seatId) => free.has(seatId) };
}

/** The sections of a show, in layout order; each is called by its name. */
export function drawSections(...drawn: { name: string; price: number; rows: readonly string[] }[]): OpenSection[] {
  let first = 0;
  return drawn.map(({ name, price, rows }) => {
    const hall = drawHall(rows, name);
    const seats = hall.rows.flat();
    const available = seats.filter(({ seatId }) => hall.isFree(seatId, 0)).length;
    const section = { ...hall, sectionId: name, price, available, first };
    first += seats.length;
    return section;
  });
}

/** Mostly free, so that there is something to choose from. */
const place = fc.constantFrom('.', '.', '.', '.', '#', '|');
export const drawings = (longestRow: number, mostRows: number) =>
  fc.array(fc.string({ unit: place, maxLength: longestRow }), { minLength: 1, maxLength: mostRows });

/** What can be said of a way to seat a party, worked out seat by seat. */
export interface Verdict {
  pieces: number;
  orphans: number;
  /** Of the last piece: its row, and how far its middle is from the row's, in half seats. */
  row: number;
  distance: number;
}

export function judge({ rows, isFree }: Hall, seatIds: readonly string[]): Verdict {
  const chosen = new Set(seatIds);
  const wasFree = (seatId: string) => isFree(seatId, 0);
  const staysFree = (seatId: string) => wasFree(seatId) && !chosen.has(seatId);
  const verdict: Verdict = { pieces: 0, orphans: 0, row: 0, distance: 0 };
  for (const [y, seats] of rows.entries()) {
    const neighbours = (x: number) => [
      ...(seats[x]!.besidePrevious ? [seats[x - 1]!] : []),
      ...(seats[x + 1]?.besidePrevious ? [seats[x + 1]!] : []),
    ];
    const isAlone = (x: number, free: (seatId: string) => boolean) =>
      free(seats[x]!.seatId) && !neighbours(x).some(({ seatId }) => free(seatId));
    for (const [x, { seatId, besidePrevious }] of seats.entries()) {
      if (isAlone(x, staysFree) && !isAlone(x, wasFree)) verdict.orphans += 1;
      if (!chosen.has(seatId) || (besidePrevious && chosen.has(seats[x - 1]!.seatId))) continue;
      verdict.pieces += 1;
      verdict.row = y;
      verdict.distance = Math.abs(2 * x + chosen.size - seats.length);
    }
  }
  return verdict;
}
