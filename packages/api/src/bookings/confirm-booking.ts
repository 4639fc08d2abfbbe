import type { UserContext } from '../context.ts';
import { collect, openChargeOf, type Payment, resume } from '../payments/collect.ts';
import { ask, findShowOf, present } from './ask.ts';
import type { Booking } from './booking.ts';
import { newCharge } from './claim-places.ts';

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
  const { userId } = ctx.actor;
  const showId = await findShowOf(ctx, bookingId, userId);
  // A second round only when an earlier charge turns out never to have arrived.
  for (let round = 1; ; round += 1) {
    const charge = payment ? newCharge(ctx, showId, payment) : null;
    const state = await ask(ctx, showId, { kind: 'confirm', bookingId, userId, charge });
    const open = state.status === 'paying' ? openChargeOf(state) : undefined;
    if (!open || !payment) return await present(ctx, state);
    if (open.id === charge?.paymentId) return await present(ctx, await collect(ctx, state, open, payment.token));
    const resumed = await resume(ctx, state, open);
    if (resumed || round === 2) return await present(ctx, resumed ?? state);
  }
}
