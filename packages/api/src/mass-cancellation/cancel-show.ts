import type { UserContext } from '../context.ts';
import { refreshListings } from '../events/refresh-listings.ts';
import { ProblemError } from '../problem.ts';
import { findShow, type Show } from '../shows/shows.ts';

/**
 * Cancels a show: from now on nothing of it is sold, and a job cancels what was, and returns the money in full. A show that is
 * cancelled stays so, for the reason it was first given.
 *
 * @throws `not_found`, `overloaded`
 */
export async function cancelShow(
  ctx: UserContext,
  { showId, reason }: { showId: string; reason: string },
): Promise<Show> {
  const answer = await ctx.boxOffice.submit(showId, { kind: 'cancel-show', reason, userId: ctx.actor.userId });
  if ('problem' in answer) throw new ProblemError(answer.problem);
  const show = await findShow(ctx.db, showId, 'admin');
  await refreshListings(ctx, [show.eventId], ctx.now());
  return show;
}
