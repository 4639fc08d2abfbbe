import type { Booking } from '../bookings/booking.ts';
import { confirmBooking } from '../bookings/confirm-booking.ts';
import type { UserContext } from '../context.ts';
import type { Payment } from '../payments/collect.ts';
import { ProblemError } from '../problem.ts';
import { findEntryFacts } from './find-entries.ts';

/**
 * Makes an offer a sale, as confirming its booking does. What is accepted already is answered as it is.
 *
 * @throws `not_found`, `invalid_state` (nothing is offered), `hold_expired`, `payment_declined`, `unavailable`, `overloaded`
 */
export async function acceptOffer(
  ctx: UserContext,
  { entryId, payment }: { entryId: string; payment?: Payment | undefined },
): Promise<Booking> {
  // Once an offer is made, it stays the entry's only one.
  const { bookingId, status } = await findEntryFacts(ctx.db, entryId, ctx.actor.userId);
  if (bookingId === null) throw new ProblemError({ code: 'invalid_state', state: status });
  return await confirmBooking(ctx, { bookingId, payment });
}
