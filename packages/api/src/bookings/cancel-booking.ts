import { newId, shardOf } from '@evently/db/ids';
import type { CancelRequest, RefundMode } from '../box-office/requests.ts';
import type { UserContext } from '../context.ts';
import type { Money } from '../fields.ts';
import { notFound, ProblemError } from '../problem.ts';
import { ask, findShowOf, present } from './ask.ts';
import type { Booking } from './booking.ts';
import { explainQuote, quoteCancellation } from './cancellation.ts';
import { findBooking } from './find-bookings.ts';

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

export interface CancellationOffer {
  refund: Money;
  fee: Money;
  rule: string;
  explanation: string;
}

/** What cancelling would return now. @throws `not_found`, `invalid_state`, `invalid_input` */
export async function findCancellationQuote(
  ctx: UserContext,
  input: { bookingId: string; ticketIds?: string[] | undefined },
): Promise<CancellationOffer> {
  const booking = await findBooking(ctx.db, input.bookingId, ctx.actor.userId);
  if (booking.status !== 'confirmed') throw new ProblemError({ code: 'invalid_state', state: booking.status });
  const named = input.ticketIds ?? booking.tickets.map((ticket) => ticket.id);
  const tickets = named.map((id, index) => {
    const ticket = booking.tickets.find((candidate) => candidate.id === id);
    if (ticket) return ticket;
    const issues = [{ path: `ticketIds.${index}`, message: 'is not a ticket of this booking' }];
    throw new ProblemError({ code: 'invalid_input', issues });
  });
  const show = await ctx.db
    .selectFrom('shows')
    .select(['collect_at_door as collectAtDoor', 'starts_at as startsAt'])
    .where('id', '=', booking.showId)
    .executeTakeFirst();
  if (!show) throw notFound();
  if (ctx.now() >= show.startsAt) throw new ProblemError({ code: 'invalid_state', state: 'show_started' });
  const charged = await ctx.db
    .selectFrom('payments')
    .select('id')
    .where('booking_id', '=', booking.id)
    .where('shard', '=', shardOf(booking.id))
    .where('kind', '=', 'charge')
    .where('status', '=', 'succeeded')
    .executeTakeFirst();
  const alive = tickets.filter((ticket) => ticket.status === 'valid').map(({ price }) => ({ price: price.amount }));
  const quote = quoteCancellation(
    alive,
    { collectAtDoor: show.collectAtDoor, isPaid: charged !== undefined },
    'policy',
  );
  const { currency } = booking.total;
  return {
    refund: { amount: quote.refund, currency },
    fee: { amount: quote.fee, currency },
    rule: quote.rule,
    explanation: explainQuote(quote),
  };
}
