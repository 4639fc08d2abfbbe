import type { TicketFacts } from '../../bookings/booking.ts';
import {
  type CancellationCase,
  chargeToReturn,
  quoteCancellation,
  ticketsToCancel,
} from '../../bookings/cancellation.ts';
import type { Answer, BookingState } from '../inventory.ts';
import type { CancelRequest } from '../requests.ts';
import { type Draft, historyOf, isCalledOff, moveTickets, recordBooking } from './draft.ts';
import { requestedRefund } from './refund.ts';

/**
 * Voids some or all tickets of a confirmed booking and asks for the refund. Idempotent by state: tickets that are void
 * already are answered as they are.
 */
export function cancel(draft: Draft, request: CancelRequest): Answer {
  const booking = draft.bookings.get(request.bookingId);
  if (!booking || (request.userId !== null && booking.userId !== request.userId))
    return { problem: { code: 'not_found' } };
  const owner = request.userId === null ? null : caseOf(draft, booking);
  const leaving = ticketsToCancel(booking, request.ticketIds, owner);
  if ('problem' in leaving) return leaving;
  if (leaving.tickets.length === 0) return { booking };
  return { booking: voidTickets(draft, booking, leaving.tickets, request) };
}

function caseOf({ now, show }: Draft, booking: BookingState): CancellationCase {
  const { startsAt, collectAtDoor, refundTerms } = show;
  return {
    now,
    startsAt,
    collectAtDoor,
    refundTerms,
    isShowCancelled: isCalledOff(show),
    bookedAt: booking.createdAt,
    isPaid: chargeToReturn(booking.payments, 1) !== undefined,
  };
}

/** Voids tickets of a confirmed booking, whatever their state, and asks for what goes back for them. */
export function voidTickets(
  draft: Draft,
  booking: BookingState,
  leaving: readonly TicketFacts[],
  { actor, reason, refund: mode, refundId }: Pick<CancelRequest, 'actor' | 'reason' | 'refund' | 'refundId'>,
): BookingState {
  const { refund, fee } = quoteCancellation(leaving, caseOf(draft, booking), mode);
  const charge = chargeToReturn(booking.payments, refund);
  if (refund > 0 && !charge) throw new Error(`booking ${booking.id} would return more than was paid`);
  const moved = new Map(moveTickets(draft, leaving, 'void').map((ticket) => [ticket.id, ticket]));
  const tickets = booking.tickets.map((ticket) => moved.get(ticket.id) ?? ticket);
  const left = tickets.filter((ticket) => ticket.status !== 'void');
  return recordBooking(
    draft,
    {
      ...booking,
      tickets,
      status: left.length === 0 ? 'cancelled' : 'confirmed',
      quantity: left.length,
      total: left.reduce((sum, ticket) => sum + ticket.price, 0),
      retained: booking.retained + fee,
      payments:
        refund > 0 && charge
          ? [...booking.payments, requestedRefund(refundId, charge.id, refund, charge.provider)]
          : booking.payments,
      cancellationReason: reason ?? booking.cancellationReason,
      cancelledAt: left.length === 0 ? draft.now : booking.cancelledAt,
      version: booking.version + 1,
    },
    historyOf(booking),
    {
      type: 'cancelled',
      actor,
      data: { ticketIds: [...moved.keys()], refund, fee, ...(refund > 0 ? { refundId } : {}) },
    },
  );
}
