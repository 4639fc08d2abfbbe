/** Which seats a buyer wants. Pure. */
import type { SeatLayout } from '@evently/sdk';
import type { Random } from './random.ts';

export interface RushSeat {
  seatId: string;
  /** Where its letter stands in the states of the show. */
  index: number;
  /** From the stage, from 0. */
  row: number;
  /** From the left end of its row, from 0. */
  place: number;
}

/** The best row is this far into the house. */
const BEST_DEPTH = 0.3;

/** Every seat of the house, the one that everybody wants first. */
export function rankSeats(layout: SeatLayout): RushSeat[] {
  let index = 0;
  const rows = layout.sections.flatMap((section) => section.rows);
  const placed = rows.flatMap(({ seats }, row) =>
    seats.map(({ seatId, x }, place) => {
      const distance = Math.abs(x) + 2 * Math.abs(row - BEST_DEPTH * (rows.length - 1));
      const seat: RushSeat = { seatId, index, row, place };
      index += 1;
      return { seat, distance };
    }),
  );
  return placed.sort((a, b) => a.distance - b.distance).map(({ seat }) => seat);
}

/**
 * The seats that a party tries for: among what looks free, somewhere near the best, and side by side if there is room.
 * Fewer than asked for when no more are free.
 *
 * @param states a letter per seat, in layout order
 */
export function chooseSeats(ranked: readonly RushSeat[], states: string, party: number, random: Random): RushSeat[] {
  const free = ranked.filter(({ index }) => states[index] === 'a');
  // The cube crowds everybody into the best eighth of the house.
  const wanted = free[Math.floor(random() ** 3 * free.length)];
  if (!wanted) return [];
  const neighbours = new Map(free.filter(({ row }) => row === wanted.row).map((seat) => [seat.place, seat]));
  const chosen = [wanted];
  for (const step of [1, -1]) {
    for (let place = wanted.place + step; chosen.length < party; place += step) {
      const seat = neighbours.get(place);
      if (!seat) break;
      chosen.push(seat);
    }
  }
  for (const seat of free) {
    if (chosen.length >= party) break;
    if (!chosen.includes(seat)) chosen.push(seat);
  }
  return chosen;
}

/** What a buyer knows after hearing that some seats are taken. */
export function markTaken(ranked: readonly RushSeat[], states: string, seatIds: readonly string[]): string {
  const letters = [...states];
  for (const { seatId, index } of ranked) if (seatIds.includes(seatId)) letters[index] = 'b';
  return letters.join('');
}
