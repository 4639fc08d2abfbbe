import type { UserContext } from '../context.ts';
import { ask, findShowOf, present } from './ask.ts';
import type { Booking } from './booking.ts';

/**
 * Releases a hold, or prolongs it once, to at most twice its length after it was made.
 *
 * @throws `not_found`, `hold_expired`, `invalid_state`, `overloaded`
 */
export async function settleHold(ctx: UserContext, kind: 'release' | 'extend', bookingId: string): Promise<Booking> {
  const { userId } = ctx.actor;
  const showId = await findShowOf(ctx, bookingId, userId);
  return await present(ctx, await ask(ctx, showId, { kind, bookingId, userId }));
}
