import { newId, shardOf } from '@evently/db/ids';
import type { CancelRequest, RefundMode } from '../box-office/requests.ts';
import type { UserContext } from '../context.ts';
import { ask, findShowOf, present } from './ask.ts';
import type { Booking } from './booking.ts';

/**
 * Cancels a confirmed booking or some of its tickets; what is void already is answered as it is.
 *
 * @throws `not_found`, `invalid_state`, `invalid_input` (a ticket of another booking), `overloaded`
 */
export async function cancelBooking(
  ctx: UserContext,
  input: { bookingId: string; ticketIds?: string[] | undefined },
): Promise<Booking> {
  const { userId } = ctx.actor;
  const { bookingId, ticketIds = null } = input;
  return await submitCancellation(ctx, {
    bookingId,
    userId,
    actor: `user:${userId}`,
    reason: null,
    ticketIds,
    refund: 'policy',
  });
}

/** The same by an admin, for anybody, at any time, with the refund that the admin chooses. @throws as `cancelBooking` */
export async function cancelForUser(
  ctx: UserContext,
  input: { bookingId: string; reason: string; refund: RefundMode },
): Promise<Booking> {
  const actor = `admin:${ctx.actor.userId}`;
  return await submitCancellation(ctx, { ...input, userId: null, actor, ticketIds: null });
}

async function submitCancellation(
  ctx: UserContext,
  request: Omit<CancelRequest, 'kind' | 'refundId'>,
): Promise<Booking> {
  const showId = await findShowOf(ctx, request.bookingId, request.userId);
  const refundId = newId(shardOf(request.bookingId));
  return await present(ctx, await ask(ctx, showId, { kind: 'cancel', refundId, ...request }));
}
