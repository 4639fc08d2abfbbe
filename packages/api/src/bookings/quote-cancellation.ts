import type { Db } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import { sql } from 'kysely';
import type { PaymentState } from '../box-office/inventory.ts';
import type { UserContext } from '../context.ts';
import type { Money } from '../fields.ts';
import { notFound, ProblemError } from '../problem.ts';
import type { Booking } from './booking.ts';
import { type CancellationCase, chargeToReturn, quoteCancellation, ticketsToCancel } from './cancellation.ts';
import { explainQuote } from './explain-cancellation.ts';
import { findBooking } from './find-bookings.ts';

export interface CancellationOffer {
  refund: Money;
  fee: Money;
  rule: string;
  explanation: string;
}

/**
 * What cancelling would return now: the rules of the box office, on the same facts and by the same clock.
 *
 * @throws `not_found`, `invalid_state`, `invalid_input` (a ticket of another booking)
 */
export async function findCancellationQuote(
  ctx: UserContext,
  input: { bookingId: string; ticketIds?: string[] | undefined },
): Promise<CancellationOffer> {
  const booking = await findBooking(ctx.db, input.bookingId, ctx.actor.userId);
  const show = await findCase(ctx.db, booking);
  const leaving = ticketsToCancel(booking, input.ticketIds ?? null, show);
  if ('problem' in leaving) throw new ProblemError(leaving.problem);
  if (booking.status === 'cancelled') throw new ProblemError({ code: 'invalid_state', state: booking.status });
  const tickets = leaving.tickets.map(({ price }) => ({ price: price.amount }));
  const quote = quoteCancellation(tickets, show, 'policy');
  const { currency } = booking.total;
  return {
    refund: { amount: quote.refund, currency },
    fee: { amount: quote.fee, currency },
    rule: quote.rule,
    explanation: explainQuote(quote, { ...show, currency }),
  };
}

async function findCase(db: Db, booking: Booking): Promise<CancellationCase & { timeZone: string }> {
  const show = await db
    .selectFrom('shows')
    .innerJoin('events', 'events.id', 'shows.event_id')
    .innerJoin('venues', 'venues.id', 'shows.venue_id')
    .select([
      'shows.status',
      'events.status as eventStatus',
      'starts_at as startsAt',
      'collect_at_door as collectAtDoor',
      'refund_terms as refundTerms',
      'time_zone as timeZone',
    ])
    .select(sql<Date>`clock_timestamp()`.as('now'))
    .where('shows.id', '=', booking.showId)
    .executeTakeFirst();
  if (!show) throw notFound();
  const { status, eventStatus, refundTerms, ...facts } = show;
  return {
    ...facts,
    refundTerms: refundTerms ?? [],
    isShowCancelled: status === 'cancelled' || eventStatus === 'cancelled',
    bookedAt: booking.createdAt,
    isPaid: chargeToReturn(await listPayments(db, booking.id), 1) !== undefined,
  };
}

async function listPayments(db: Db, bookingId: string): Promise<PaymentState[]> {
  return await db
    .selectFrom('payments')
    .select(['id', 'kind', 'status', 'amount', 'provider', 'charge_id as chargeId', 'gives_back as givesBack'])
    .where('booking_id', '=', bookingId)
    .where('shard', '=', shardOf(bookingId))
    .execute();
}
