/** Which seats of a section a party gets when it names none. Pure. */

interface RowSeat {
  seatId: string;
  /** False where an aisle lies between this seat and the one before it. */
  besidePrevious: boolean;
}

/** A stretch of free seats, side by side, in one row. */
interface Run {
  row: number;
  seatIds: string[];
}

/**
 * The best free seats for a party: side by side, the foremost row first, in a stretch that leaves no single seat behind
 * if there is one; else scattered over as few stretches as possible, so that a party is torn as little as can be.
 *
 * @param rows the section in layout order, best row first
 * @param isFree whether a seat may be given away
 * @returns as many seats as asked for, or as there are
 */
export function pickSeats(
  rows: readonly (readonly RowSeat[])[],
  isFree: (seatId: string) => boolean,
  quantity: number,
): string[] {
  const runs = rows.flatMap((row, index) => freeRuns(row, index, isFree));
  const fitting = runs.filter((run) => run.seatIds.length >= quantity);
  const together = fitting.find((run) => run.seatIds.length - quantity !== 1) ?? fitting[0];
  if (together) return together.seatIds.slice(0, quantity);
  const picked: string[] = [];
  for (const run of runs.toSorted((a, b) => b.seatIds.length - a.seatIds.length || a.row - b.row)) {
    picked.push(...run.seatIds.slice(0, quantity - picked.length));
    if (picked.length === quantity) break;
  }
  return picked;
}

function freeRuns(row: readonly RowSeat[], index: number, isFree: (seatId: string) => boolean): Run[] {
  const runs: Run[] = [];
  let run: Run | null = null;
  for (const { seatId, besidePrevious } of row) {
    if (!isFree(seatId)) {
      run = null;
      continue;
    }
    if (!run || !besidePrevious) {
      run = { row: index, seatIds: [] };
      runs.push(run);
    }
    run.seatIds.push(seatId);
  }
  return runs;
}
