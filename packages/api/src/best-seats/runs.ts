/** Where the free seats of a section lie. Pure. */

/** As much of a seat as matters for who sits beside whom. */
export interface RowSeat {
  seatId: string;
  /** False for the first of a row, and where an aisle lies between this seat and the one before it. */
  besidePrevious: boolean;
}

/** A section's seats, row by row in layout order, which is best first. */
export type Rows = readonly (readonly RowSeat[])[];

/** @param place where the seat stands among the seats of its section, in layout order */
export type IsFree = (seatId: string, place: number) => boolean;

/** Free seats side by side, as many as there are: nobody and no aisle lies between them. */
export interface Run {
  /** The place of its first seat in the section. */
  from: number;
  length: number;
  row: number;
  /** The place of its row's first seat in the section. */
  rowFrom: number;
  /** How many seats its row has. */
  rowLength: number;
}

/** The runs of one row. @param rowFrom the place of its first seat */
export function listRuns(seats: readonly RowSeat[], row: number, rowFrom: number, isFree: IsFree): Run[] {
  const runs: Run[] = [];
  let run: Run | null = null;
  for (const [index, { seatId, besidePrevious }] of seats.entries()) {
    const place = rowFrom + index;
    if (!isFree(seatId, place)) {
      run = null;
    } else if (run && besidePrevious) {
      run.length += 1;
    } else {
      run = { from: place, length: 1, row, rowFrom, rowLength: seats.length };
      runs.push(run);
    }
  }
  return runs;
}

/** The runs of a section, in layout order. */
export function listAllRuns(rows: Rows, isFree: IsFree): Run[] {
  const runs: Run[] = [];
  let rowFrom = 0;
  for (const [row, seats] of rows.entries()) {
    for (const run of listRuns(seats, row, rowFrom, isFree)) runs.push(run);
    rowFrom += seats.length;
  }
  return runs;
}

/** How many single seats are left between neighbours, or between a neighbour and an aisle, when a part of a run is taken. */
export function orphansOf(run: Run, from: number, quantity: number): number {
  const before = from - run.from;
  const after = run.length - quantity - before;
  return (before === 1 ? 1 : 0) + (after === 1 ? 1 : 0);
}
