import type { UserContext } from '../context.ts';
import { ProblemError } from '../problem.ts';
import { findShow, type Show } from './shows.ts';

interface SeatSelection {
  showId: string;
  seatIds: string[];
}

/** Keeps seats back from sale. @throws `not_found`, `invalid_input`, `seat_taken`, `sold_out` (capacity was lowered) */
export function blockSeats(ctx: UserContext, selection: SeatSelection): Promise<Show> {
  return changeBlocks(ctx, 'block', selection);
}

/** Puts seats that were kept back on sale again. @throws `not_found`, `invalid_input` */
export function unblockSeats(ctx: UserContext, selection: SeatSelection): Promise<Show> {
  return changeBlocks(ctx, 'unblock', selection);
}

async function changeBlocks(ctx: UserContext, kind: 'block' | 'unblock', selection: SeatSelection): Promise<Show> {
  const answer = await ctx.boxOffice.submit(selection.showId, { kind, seatIds: selection.seatIds });
  if ('problem' in answer) throw new ProblemError(answer.problem);
  return await findShow(ctx.db, selection.showId, 'admin');
}
