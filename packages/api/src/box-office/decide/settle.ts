import type { Answer, BookingState, SettleRequest } from '../inventory.ts';
import { countHeldBy, type Draft, moveTickets, recordBooking } from './draft.ts';
import { giveBack } from './expire.ts';

/** Confirms or releases a hold. Both are idempotent by state: what is confirmed is answered as it is. */
export function settle(draft: Draft, request: SettleRequest): Answer {
  const booking = draft.bookings.get(request.bookingId);
  // Somebody else's booking answers exactly as one that does not exist.
  if (!booking || booking.userId !== request.userId) return { problem: { code: 'not_found' } };
  const wanted = request.kind === 'confirm' ? 'confirmed' : 'released';
  if (booking.status === wanted) return { booking };
  if (booking.status === 'expired') return { problem: { code: 'hold_expired', state: booking.status } };
  if (booking.status !== 'held') return { problem: { code: 'invalid_state', state: booking.status } };
  return request.kind === 'confirm' ? confirm(draft, booking) : release(draft, booking);
}

function confirm(draft: Draft, booking: BookingState): Answer {
  if (booking.total > 0 && !draft.show.collectAtDoor) {
    return { problem: { code: 'payment_declined', reason: 'payment_required' } };
  }
  countHeldBy(draft, booking.userId, -booking.quantity);
  const confirmed = recordBooking(
    draft,
    {
      ...booking,
      status: 'confirmed',
      tickets: moveTickets(draft, booking.tickets, 'valid'),
      expiresAt: null,
      confirmedAt: draft.now,
      version: booking.version + 1,
    },
    { seq: booking.historySeq, hash: booking.historyHash },
    { type: 'confirmed', actor: `user:${booking.userId}`, data: {} },
  );
  return { booking: confirmed };
}

function release(draft: Draft, booking: BookingState): Answer {
  countHeldBy(draft, booking.userId, -booking.quantity);
  giveBack(draft, booking.id, 'released', `user:${booking.userId}`);
  return { booking: draft.bookings.get(booking.id) ?? booking };
}
