import type { BookingState } from '../inventory.ts';
import { type Draft, historyOf, moveTickets, recordBooking } from './draft.ts';

/** Ends every hold in the draft whose deadline has passed; its places are free for whoever comes next. */
export function expireOverdue(draft: Draft): void {
  for (const booking of [...draft.bookings.values()])
    if (isOverdue(draft, booking)) giveBack(draft, booking, 'expired', 'system');
}

/** A booking that is `paying` is never overdue: reconciliation settles it, whatever its deadline. */
export function isOverdue(draft: Draft, booking: BookingState): boolean {
  return booking.status === 'held' && booking.expiresAt !== null && booking.expiresAt <= draft.now;
}

/** Voids the tickets of a hold and closes it. The places return to the draft at once. */
export function giveBack(
  draft: Draft,
  booking: BookingState,
  status: 'expired' | 'released',
  actor: string,
): BookingState {
  if (booking.status !== 'held') throw new Error(`booking ${booking.id} is no hold`);
  return recordBooking(
    draft,
    {
      ...booking,
      status,
      tickets: moveTickets(draft, booking.tickets, 'void'),
      quantity: 0,
      total: 0,
      expiresAt: null,
      version: booking.version + 1,
    },
    historyOf(booking),
    { type: status, actor, data: { ticketIds: booking.tickets.map((ticket) => ticket.id) } },
  );
}
