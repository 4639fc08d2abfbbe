import type { Answer, BookingState } from '../inventory.ts';
import type { ConfirmRequest, NewCharge, SettleRequest } from '../requests.ts';
import { prolongedUntil } from './deadlines.ts';
import { countHeldBy, type Draft, historyOf, isCalledOff, moveTickets, recordBooking } from './draft.ts';
import { giveBack } from './expire.ts';
import { isDue, startPaying } from './pay.ts';

/** Confirms, releases or prolongs a hold. All are idempotent by state: what is confirmed is answered as it is. */
export function settle(draft: Draft, request: ConfirmRequest | SettleRequest): Answer {
  const booking = draft.bookings.get(request.bookingId);
  // Somebody else's booking answers exactly as one that does not exist.
  if (!booking || booking.userId !== request.userId) return { problem: { code: 'not_found' } };
  const { status } = booking;
  const isAnswered =
    (request.kind === 'confirm' && (status === 'confirmed' || (status === 'paying' && request.charge !== null))) ||
    (request.kind === 'release' && status === 'released');
  if (isAnswered) return { booking };
  if (status === 'expired') return { problem: { code: 'hold_expired', state: status } };
  if (status !== 'held') return { problem: { code: 'invalid_state', state: status } };
  if (request.kind !== 'release' && isCalledOff(draft.show)) {
    return { problem: { code: 'invalid_state', state: 'show_cancelled' } };
  }
  switch (request.kind) {
    case 'confirm':
      return confirm(draft, booking, request.charge);
    case 'release':
      countHeldBy(draft, booking.userId, -booking.quantity);
      return { booking: giveBack(draft, booking, 'released', `user:${booking.userId}`) };
    case 'extend':
      // An offer has a deadline of its own: others wait for the same places.
      if (booking.entryId !== null) return { problem: { code: 'invalid_state', state: 'offered' } };
      return { booking: extend(draft, booking) };
  }
}

function confirm(draft: Draft, booking: BookingState, charge: NewCharge | null): Answer {
  if (isDue(draft, booking.total)) {
    if (charge === null) return { problem: { code: 'payment_declined', reason: 'payment_required' } };
    return { booking: startPaying(draft, booking, charge) };
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
    historyOf(booking),
    { type: 'confirmed', actor: `user:${booking.userId}`, data: {} },
  );
  return { booking: confirmed };
}

/** To twice the hold's length after it was made, and never beyond: asking again changes nothing. */
function extend(draft: Draft, booking: BookingState): BookingState {
  const expiresAt = prolongedUntil(draft.show, booking);
  if (booking.expiresAt !== null && booking.expiresAt >= expiresAt) return booking;
  return recordBooking(draft, { ...booking, expiresAt, version: booking.version + 1 }, historyOf(booking), {
    type: 'extended',
    actor: `user:${booking.userId}`,
    data: { expiresAt: expiresAt.toISOString() },
  });
}
