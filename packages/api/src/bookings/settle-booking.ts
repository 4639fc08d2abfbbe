import { shardOf } from '@evently/db/ids';
import type { UserContext } from '../context.ts';
import { notFound } from '../problem.ts';
import type { Booking } from './booking.ts';
import { askForBooking } from './claim-places.ts';

/**
 * Confirms or releases a hold. Which show it belongs to never changes, so that is read unlocked; all else is decided on
 * what the box office loads.
 *
 * @throws `not_found`, `hold_expired`, `invalid_state`, `payment_declined`, `overloaded`
 */
export async function settleBooking(
  ctx: UserContext,
  kind: 'confirm' | 'release',
  bookingId: string,
): Promise<Booking> {
  const { userId } = ctx.actor;
  const row = await ctx.db
    .selectFrom('bookings')
    .select('show_id')
    .where('id', '=', bookingId)
    .where('shard', '=', shardOf(bookingId))
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (!row) throw notFound();
  return await askForBooking(ctx, row.show_id, { kind, bookingId, userId });
}
