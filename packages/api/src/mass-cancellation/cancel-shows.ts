import { sql } from 'kysely';
import type { Services } from '../context.ts';
import { ProblemError } from '../problem.ts';

/**
 * Cancels the shows of an event that is cancelled. No further show can be put on its bill, so that those that are there now
 * are all there will be. It may be run again, or twice at once.
 *
 * @throws `overloaded`
 */
export async function cancelShows({ db, boxOffice }: Services, eventId: string): Promise<void> {
  const shows = await db
    .selectFrom('shows')
    .innerJoin('events', 'events.id', 'shows.event_id')
    .select(['shows.id', 'events.cancellation_reason as reason', 'events.cancelled_by as userId'])
    .where('event_id', '=', eventId)
    .where('events.status', '=', 'cancelled')
    .where('shows.status', '=', 'scheduled')
    .orderBy('starts_at')
    .execute();
  for (const { id, reason, userId } of shows) {
    if (reason === null || userId === null) throw new Error(`event ${eventId} is cancelled by nobody`);
    const answer = await boxOffice.submit(id, { kind: 'cancel-show', reason, userId });
    if ('problem' in answer) throw new ProblemError(answer.problem);
  }
  await sql`
    UPDATE events SET cancellation_finished_at = date_trunc('milliseconds', clock_timestamp())
    WHERE id = ${eventId} AND cancelled_at IS NOT NULL AND cancellation_finished_at IS NULL
      AND NOT EXISTS (SELECT FROM shows WHERE event_id = ${eventId} AND cancellation_finished_at IS NULL)`.execute(db);
}
