import { type Draft, moveTickets, recordBooking } from './draft.ts';

/** Ends every hold in the draft whose deadline has passed; its places are free for whoever comes next. */
export function expireOverdue(draft: Draft): void {
  for (const booking of [...draft.bookings.values()]) {
    if (booking.status !== 'held' || booking.expiresAt === null || booking.expiresAt > draft.now) continue;
    giveBack(draft, booking.id, 'expired', 'system');
  }
}

/** Voids the tickets of a hold and closes it. The places return to the draft at once. */
export function giveBack(draft: Draft, bookingId: string, status: 'expired' | 'released', actor: string): void {
  const booking = draft.bookings.get(bookingId);
  if (booking?.status !== 'held') throw new Error(`booking ${bookingId} is no hold`);
  recordBooking(
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
    { seq: booking.historySeq, hash: booking.historyHash },
    { type: status, actor, data: { ticketIds: booking.tickets.map((ticket) => ticket.id) } },
  );
}
