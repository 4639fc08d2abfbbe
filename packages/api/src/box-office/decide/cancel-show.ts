import type { Answer, BookingState, ShowCancellation } from '../inventory.ts';
import type { CancelShowRequest, CloseRequest } from '../requests.ts';
import { voidTickets } from './cancel.ts';
import { countHeldBy, type Draft } from './draft.ts';
import { giveBack } from './expire.ts';

/**
 * Ends the show: whoever comes later in the same batch is refused already. What was sold is closed by later batches, so that
 * this one is short whatever the show sold. A show that is cancelled stays so, for the reason it was first given.
 */
export function cancelShow(draft: Draft, { reason, userId }: CancelShowRequest): Answer {
  if (draft.show.status === 'cancelled') return { done: true };
  draft.cancelsShow = { reason, userId };
  draft.show = { ...draft.show, status: 'cancelled', cancellation: draft.cancelsShow };
  return { done: true };
}

/** Ends a booking of a cancelled show; what has ended already is answered as it is. */
export function close(draft: Draft, { bookingId, refundId }: CloseRequest): Answer {
  const booking = draft.bookings.get(bookingId);
  if (!booking) return { problem: { code: 'not_found' } };
  const { cancellation, status } = draft.show;
  if (cancellation === null) return { problem: { code: 'invalid_state', state: status } };
  if (booking.status === 'held') return { booking: releaseHold(draft, booking, cancellation) };
  // Whether it was paid, nobody knows yet; whoever settles it sees that the show is cancelled.
  if (booking.status !== 'confirmed') return { booking };
  return { booking: returnSale(draft, booking, cancellation, refundId) };
}

/** Gives the places of a hold in a cancelled show back. */
export function releaseHold(draft: Draft, booking: BookingState, { userId }: ShowCancellation): BookingState {
  countHeldBy(draft, booking.userId, -booking.quantity);
  return giveBack(draft, booking, 'released', `admin:${userId}`);
}

/** Cancels a sale of a cancelled show with all its tickets, used ones too, and returns what they cost. */
export function returnSale(
  draft: Draft,
  booking: BookingState,
  { reason, userId }: ShowCancellation,
  refundId: string,
): BookingState {
  const alive = booking.tickets.filter((ticket) => ticket.status !== 'void');
  return voidTickets(draft, booking, alive, { actor: `admin:${userId}`, reason, refund: 'full', refundId });
}
