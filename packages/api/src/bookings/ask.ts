import { shardOf } from '@evently/db/ids';
import type { BookingState } from '../box-office/inventory.ts';
import type { BoxOfficeRequest } from '../box-office/requests.ts';
import type { Services, UserContext } from '../context.ts';
import { notFound, ProblemError } from '../problem.ts';
import type { Booking } from './booking.ts';
import { labelBooking } from './labels.ts';

/** Puts a request to a show's box office and answers the booking that it led to. @throws whatever problem it met */
export async function ask(
  { boxOffice }: Pick<Services, 'boxOffice'>,
  showId: string,
  request: BoxOfficeRequest,
): Promise<BookingState> {
  const answer = await boxOffice.submit(showId, request);
  if ('problem' in answer) throw new ProblemError(answer.problem);
  if (!('booking' in answer)) throw notFound();
  return answer.booking;
}

/** The booking as its owner sees it. */
export async function present(services: Services, state: BookingState): Promise<Booking> {
  const plan = await services.plans.find(state.showId);
  if (!plan) throw notFound();
  return labelBooking(plan, state);
}

/**
 * Which show a booking belongs to. It never changes, so it is read unlocked; all else is decided on what the box office
 * loads.
 *
 * @param userId whose booking it must be; null for admins
 * @throws `not_found`, also for somebody else's booking
 */
export async function findShowOf(
  { db }: Pick<UserContext, 'db'>,
  bookingId: string,
  userId: string | null,
): Promise<string> {
  const row = await db
    .selectFrom('bookings')
    .select(['show_id', 'user_id'])
    .where('id', '=', bookingId)
    .where('shard', '=', shardOf(bookingId))
    .executeTakeFirst();
  if (!row || (userId !== null && row.user_id !== userId)) throw notFound();
  return row.show_id;
}
