import { quoteCancellation } from '../../bookings/cancellation.ts';
import type { Answer, BookingState } from '../inventory.ts';
import type { CancelRequest } from '../requests.ts';
import { type Draft, historyOf, moveTickets, recordBooking } from './draft.ts';
import { requestedRefund } from './pay.ts';

/**
 * Voids some or all tickets of a confirmed booking and asks for the refund. Idempotent by state: tickets that are void
 * already are answered as they are.
 */
export function cancel(draft: Draft, request: CancelRequest): Answer {
  const booking = draft.bookings.get(request.bookingId);
  if (!booking || (request.userId !== null && booking.userId !== request.userId))
    return { problem: { code: 'not_found' } };
  const own = new Set(booking.tickets.map((ticket) => ticket.id));
  const named = request.ticketIds ?? [...own];
  const unknown = named.findIndex((id) => !own.has(id));
  if (unknown >= 0) {
    return {
      problem: {
        code: 'invalid_input',
        issues: [{ path: `ticketIds.${unknown}`, message: 'is not a ticket of this booking' }],
      },
    };
  }
  const tickets = booking.tickets.filter((ticket) => named.includes(ticket.id) && ticket.status !== 'void');
  if (booking.status === 'cancelled' || (booking.status === 'confirmed' && tickets.length === 0)) return { booking };
  if (booking.status !== 'confirmed') return { problem: { code: 'invalid_state', state: booking.status } };
  if (tickets.some((ticket) => ticket.status === 'used')) return { problem: { code: 'invalid_state', state: 'used' } };
  // Once the show began, its visitors no longer cancel; the house still may.
  if (request.userId !== null && draft.now >= draft.show.startsAt) {
    return { problem: { code: 'invalid_state', state: 'show_started' } };
  }
  return { booking: voidTickets(draft, booking, new Set(tickets.map((ticket) => ticket.id)), request) };
}

function voidTickets(
  draft: Draft,
  booking: BookingState,
  voided: ReadonlySet<string>,
  request: CancelRequest,
): BookingState {
  const leaving = booking.tickets.filter((ticket) => voided.has(ticket.id));
  const charge = booking.payments.find((payment) => payment.kind === 'charge' && payment.status === 'succeeded');
  const terms = { collectAtDoor: draft.show.collectAtDoor, isPaid: charge !== undefined };
  const { refund, fee } = quoteCancellation(leaving, terms, request.refund);
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
          ? [...booking.payments, requestedRefund(request.refundId, charge.id, refund, charge.provider)]
          : booking.payments,
      cancellationReason: request.reason ?? booking.cancellationReason,
      cancelledAt: left.length === 0 ? draft.now : booking.cancelledAt,
      version: booking.version + 1,
    },
    historyOf(booking),
    {
      type: 'cancelled',
      actor: request.actor,
      data: { ticketIds: [...voided], refund, fee, ...(refund > 0 ? { refundId: request.refundId } : {}) },
    },
  );
}
