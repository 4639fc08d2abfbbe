import type { Db } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import { LRUCache } from 'lru-cache';
import type { BookingState } from '../box-office/inventory.ts';
import type { BoxOfficeRequest } from '../box-office/requests.ts';
import type { Services } from '../context.ts';
import { notFound, ProblemError } from '../problem.ts';
import type { Booking } from './booking.ts';
import { labelBooking } from './labels.ts';

/** Puts a request to a show's box office and answers the booking that it led to. @throws whatever problem it met */
export async function ask(
  { boxOffice, bookingPlaces }: Pick<Services, 'boxOffice' | 'bookingPlaces'>,
  showId: string,
  request: BoxOfficeRequest,
): Promise<BookingState> {
  const answer = await boxOffice.submit(showId, request);
  if ('problem' in answer) throw new ProblemError(answer.problem);
  if (!('booking' in answer)) throw notFound();
  const { booking } = answer;
  bookingPlaces.set(booking.id, { showId, userId: booking.userId });
  return booking;
}

/** The booking as its owner sees it. */
export async function present({ plans }: Pick<Services, 'plans'>, state: BookingState): Promise<Booking> {
  const plan = await plans.find(state.showId);
  if (!plan) throw notFound();
  return labelBooking(plan, state);
}

/** Whose a booking is, and of which show; neither ever changes. */
export interface BookingPlace {
  showId: string;
  userId: string;
}

/** Those who hold are about to confirm: half an hour of holds at the fastest we sell, at 200 bytes each. */
const MAX_PLACES = 100_000;

/** Remembers where bookings belong that were made or asked for a moment ago. */
export const createBookingPlaces = () => new LRUCache<string, BookingPlace>({ max: MAX_PLACES });

/**
 * Which show a booking belongs to. It never changes, so it is read unlocked, or not at all; all else is decided on what
 * the box office loads.
 *
 * @param userId whose booking it must be; null for admins
 * @throws `not_found`, also for somebody else's booking
 */
export async function findShowOf(
  { db, bookingPlaces }: Pick<Services, 'db' | 'bookingPlaces'>,
  bookingId: string,
  userId: string | null,
): Promise<string> {
  const place = bookingPlaces.get(bookingId) ?? (await findPlace(db, bookingId));
  if (!place || (userId !== null && place.userId !== userId)) throw notFound();
  bookingPlaces.set(bookingId, place);
  return place.showId;
}

async function findPlace(db: Db, bookingId: string): Promise<BookingPlace | undefined> {
  return await db
    .selectFrom('bookings')
    .select(['show_id as showId', 'user_id as userId'])
    .where('id', '=', bookingId)
    .where('shard', '=', shardOf(bookingId))
    .executeTakeFirst();
}
