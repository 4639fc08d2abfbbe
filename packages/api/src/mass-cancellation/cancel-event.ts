import { inTransaction } from '@evently/db/transaction';
import type { UserContext } from '../context.ts';
import { lockEvent } from '../events/change-event.ts';
import { type EventWithShows, findEvent } from '../events/events.ts';
import { tellListing } from '../events/refresh-listings.ts';
import { ProblemError } from '../problem.ts';
import { cancelShows } from './cancel-shows.ts';

/**
 * Cancels an event with all its shows, as `cancelShow`. The event comes first: from its commit on, no show is added to it, and
 * none of them sells anything. Should the process die before it has cancelled them all, a job does the rest.
 *
 * @throws `not_found`, `invalid_state` (a draft, which is deleted instead), `overloaded`
 */
export async function cancelEvent(
  ctx: UserContext,
  { eventId, reason }: { eventId: string; reason: string },
): Promise<EventWithShows> {
  await inTransaction(ctx.db, async (trx) => {
    const row = await lockEvent(trx, eventId);
    if (row.status === 'draft') throw new ProblemError({ code: 'invalid_state', state: row.status });
    if (row.status === 'cancelled') return;
    await trx
      .updateTable('events')
      .set({
        status: 'cancelled',
        version: row.version + 1,
        cancelled_at: ctx.now(),
        cancelled_by: ctx.actor.userId,
        cancellation_reason: reason,
      })
      .where('id', '=', row.id)
      .execute();
  });
  // Lists hold no cancelled event, whatever they would say of it.
  tellListing(ctx.changes, eventId);
  await cancelShows(ctx, eventId);
  return await findEvent(ctx.db, eventId, 'admin');
}
