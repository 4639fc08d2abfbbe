import type { Services } from '../context.ts';
import { cancelBookings } from './cancel-bookings.ts';
import { cancelShows } from './cancel-shows.ts';

/** A bound on one round; the next one, seconds later, takes up the rest. */
const MAX_UNFINISHED = 100;

/** Goes on with the cancellations that are not finished, the oldest first. */
export async function resumeCancellations(services: Services): Promise<void> {
  for (const eventId of await listUnfinished(services, 'events')) await cancelShows(services, eventId);
  for (const showId of await listUnfinished(services, 'shows')) await cancelBookings(services, showId);
}

async function listUnfinished({ db }: Services, of: 'events' | 'shows'): Promise<string[]> {
  const rows = await db
    .selectFrom(of)
    .select('id')
    .where('cancelled_at', 'is not', null)
    .where('cancellation_finished_at', 'is', null)
    .orderBy('cancelled_at')
    .limit(MAX_UNFINISHED)
    .execute();
  return rows.map(({ id }) => id);
}
