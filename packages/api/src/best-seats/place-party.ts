/** Which seats of a section a party gets when it names none: the only place where that is decided. Pure. */
import { type IsFree, listRuns, orphansOf, type Rows, type Run } from './runs.ts';

/** Where a party sits. */
export interface Placement {
  /** In layout order. */
  seatIds: string[];
  /** Into how many pieces the party is torn; one is side by side, in one row, without an aisle between them. */
  pieces: number;
  /** Single seats without a free neighbour that it leaves behind. */
  orphans: number;
}

/** Seats side by side: a whole party, or a part of one that is torn. */
export interface Piece {
  /** The place of its first seat in the section. */
  from: number;
  length: number;
  orphans: number;
}

/**
 * The best places for a party in a section: side by side if that is possible anywhere, then without leaving a single seat
 * behind, then in the foremost row, then in the middle of it. A party that fits nowhere is torn into as few pieces as
 * possible, again without leaving a single seat behind where that can be.
 *
 * @returns null when fewer seats are free
 */
export function placeParty(rows: Rows, isFree: IsFree, quantity: number): Placement | null {
  return listPlacements(rows, isFree, quantity, 1)[0] ?? null;
}

/**
 * The best place for a party in each of the best rows, best first; where it fits into no row, the one way to tear it.
 * It reads no further than it must: a section whose foremost rows are free is hardly looked at.
 *
 * @param most how many rows at most
 */
export function listPlacements(rows: Rows, isFree: IsFree, quantity: number, most: number): Placement[] {
  const clean: Piece[] = [];
  const leaving: Piece[] = [];
  const narrow: Run[] = [];
  let rowFrom = 0;
  for (const [index, row] of rows.entries()) {
    const runs = listRuns(row, index, rowFrom, isFree);
    rowFrom += row.length;
    const best = bestOf(runs, quantity);
    if (!best) for (const run of runs) narrow.push(run);
    else if (best.orphans > 0) leaving.push(best);
    else if (clean.push(best) === most) break;
  }
  const together = [...clean, ...leaving].slice(0, most);
  if (together.length > 0) return together.map((piece) => toPlacement(rows, [piece]));
  const torn = tearParty(narrow, quantity);
  return torn ? [toPlacement(rows, torn)] : [];
}

/** The best part of these runs that has room for a party: fewest orphans, then nearest to the middle of its row. */
function bestOf(runs: readonly Run[], quantity: number): Piece | null {
  let best: Piece | null = null;
  let bestDistance = 0;
  for (const run of runs) {
    if (run.length < quantity) continue;
    const piece = placeIn(run, quantity);
    const distance = distanceFromMiddle(run, piece.from, quantity);
    if (best && (piece.orphans - best.orphans || distance - bestDistance) >= 0) continue;
    best = piece;
    bestDistance = distance;
  }
  return best;
}

/** The best part of a run that is long enough. */
function placeIn(run: Run, quantity: number): Piece {
  const last = run.from + run.length - quantity;
  // In the middle of the row, as far as two seats or more remain on either side; else at one end of the run, since every
  // other place leaves a single seat.
  const ideal = Math.floor(run.rowFrom + (run.rowLength - quantity) / 2);
  const inner = Math.min(Math.max(ideal, run.from + 2), last - 2);
  const places = inner >= run.from + 2 ? [run.from, inner, last] : [run.from, last];
  const distance = (from: number) => distanceFromMiddle(run, from, quantity);
  const from = places.reduce((best, place) => (distance(place) < distance(best) ? place : best));
  return { from, length: quantity, orphans: orphansOf(run, from, quantity) };
}

/** In half seats, so that it stays an integer. */
const distanceFromMiddle = ({ rowFrom, rowLength }: Run, from: number, quantity: number): number =>
  Math.abs(2 * (from - rowFrom) + quantity - rowLength);

/**
 * Tears a party that fits into none of the runs: takes the longest whole, and a part of one for those who remain.
 *
 * @param runs in layout order, those of a length
 * @returns null when there are too few seats
 */
export function tearParty(runs: readonly Run[], quantity: number): Piece[] | null {
  const longest = sortLongestFirst(runs);
  const whole: Run[] = [];
  let missing = quantity;
  while (whole.length < longest.length && longest[whole.length]!.length < missing) {
    missing -= longest[whole.length]!.length;
    whole.push(longest[whole.length]!);
  }
  const roomy = longest.slice(whole.length).filter((run) => run.length >= missing);
  const foremost = (candidates: readonly Run[]) =>
    candidates.reduce<Run | null>((best, run) => (best && best.from < run.from ? best : run), null);
  const clean = foremost(roomy.filter((run) => run.length !== missing + 1));
  if (clean) return [...whole.map(pieceOf), placeIn(clean, missing)];
  // Whichever is taken, a single seat remains. Two of them whole in place of one that is a seat longer make up for it.
  const [first, second] = roomy.toSorted((a, b) => a.from - b.from);
  if (!first) return null;
  const longer = second ? whole.findLastIndex(({ length }) => length === missing + 2) : -1;
  if (!second || longer < 0) return [...whole.map(pieceOf), placeIn(first, missing)];
  return [...whole.toSpliced(longer, 1), first, second].map(pieceOf);
}

const pieceOf = ({ from, length }: Run): Piece => ({ from, length, orphans: 0 });

/** The longest first, and otherwise as they came. By buckets, since there may be tens of thousands, of few lengths. */
export function sortLongestFirst(runs: readonly Run[]): Run[] {
  const byLength = new Map<number, Run[]>();
  for (const run of runs) {
    const bucket = byLength.get(run.length);
    if (bucket) bucket.push(run);
    else byLength.set(run.length, [run]);
  }
  return [...byLength].toSorted(([a], [b]) => b - a).flatMap(([, bucket]) => bucket);
}

/** The seats of the pieces. */
export function toPlacement(rows: Rows, pieces: readonly Piece[]): Placement {
  const seatIds: string[] = [];
  let rowFrom = 0;
  let row = 0;
  for (const { from, length } of pieces.toSorted((a, b) => a.from - b.from)) {
    while (from >= rowFrom + rows[row]!.length) {
      rowFrom += rows[row]!.length;
      row += 1;
    }
    for (const { seatId } of rows[row]!.slice(from - rowFrom, from - rowFrom + length)) seatIds.push(seatId);
  }
  const orphans = pieces.reduce((sum, piece) => sum + piece.orphans, 0);
  return { seatIds, pieces: pieces.length, orphans };
}
