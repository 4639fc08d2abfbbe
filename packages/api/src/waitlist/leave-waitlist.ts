import type { UserContext } from '../context.ts';
import { ProblemError } from '../problem.ts';
import type { Entry } from './entry.ts';
import { findEntry } from './find-entries.ts';

/**
 * Gives up an offer (`decline`), or one's place in the line with the offer, if there is one (`leave`). What becomes free by
 * that is offered to those behind.
 *
 * @throws `not_found`, `invalid_state` (nothing was offered, it is being paid, or was booked), `hold_expired`, `overloaded`
 */
export async function leaveWaitlist(ctx: UserContext, kind: 'decline' | 'leave', entryId: string): Promise<Entry> {
  const { userId } = ctx.actor;
  // Of which show it is never changes, so it is read unlocked.
  const { showId } = await findEntry(ctx.db, entryId, userId);
  const answer = await ctx.boxOffice.submit(showId, { kind, entryId, userId });
  if ('problem' in answer) throw new ProblemError(answer.problem);
  return await findEntry(ctx.db, entryId, userId);
}
