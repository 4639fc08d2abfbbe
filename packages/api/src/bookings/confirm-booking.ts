import type { UserContext } from '../context.ts';
import { collect, openChargeOf, type Payment, resume } from '../payments/collect.ts';
import { ask, findShowOf, present } from './ask.ts';
import type { Booking } from './booking.ts';
import { newCharge, type Selling } from './claim-places.ts';

/**
 * Makes a hold a sale: at once where nothing is due, else by a charge between two halves. A booking that is confirmed
 * already is answered as it is; one that is being paid waits for that payment.
 *
 * @throws `not_found`, `hold_expired`, `invalid_state`, `payment_declined`, `unavailable`, `overloaded`
 */
export async function confirmBooking(
  ctx: UserContext,
  { bookingId, payment }: { bookingId: string; payment?: Payment | undefined },
): Promise<Booking> {
  const showId = await findShowOf(ctx, bookingId, ctx.actor.userId);
  return await confirmAndPay(ctx, { showId, bookingId, payment });
}

/** @throws as `confirmBooking` */
export async function confirmAndPay(
  ctx: Selling,
  { showId, bookingId, payment }: { showId: string; bookingId: string; payment?: Payment | undefined },
): Promise<Booking> {
  const { userId } = ctx.actor;
  const charge = payment ? newCharge(ctx, showId, payment) : null;
  const state = await ask(ctx, showId, { kind: 'confirm', bookingId, userId, charge });
  const open = state.status === 'paying' ? openChargeOf(state) : undefined;
  if (!open || !payment) return await present(ctx, state);
  if (open.id === charge?.paymentId) return await present(ctx, await collect(ctx, state, open, payment.token));
  return await present(ctx, await resume(ctx, state, open));
}
