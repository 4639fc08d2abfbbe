/** Both halves of a paid confirmation. The charge itself happens between them, outside any transaction. */
import type { TicketFacts } from '../../bookings/booking.ts';
import type { Answer, BookingState, PaymentState } from '../inventory.ts';
import type { FinishPaymentRequest, NewCharge } from '../requests.ts';
import { releaseHold, returnSale } from './cancel-show.ts';
import { heldUntil } from './deadlines.ts';
import { countHeldBy, type Draft, historyOf, keyOf, moveTickets, openIn, recordBooking, sectionOf } from './draft.ts';
import { giveBack, isOverdue } from './expire.ts';
import { requestedRefund } from './refund.ts';

/** A charge that is under way keeps its places for this long at least. */
const PAYING_MS = 2 * 60_000;

/** Whether an amount has to be paid here before the booking can be confirmed. */
export function isDue(draft: Draft, total: number): boolean {
  return total > 0 && !draft.show.collectAtDoor;
}

/** A charge of the whole amount that has not been tried yet. */
export function startedCharge(charge: NewCharge, amount: number, givesBack: boolean): PaymentState {
  const { paymentId: id, provider } = charge;
  return { id, kind: 'charge', status: 'started', amount, provider, chargeId: null, givesBack };
}

/** When a booking that starts paying now may end at the earliest. */
export function payingUntil(draft: Draft, expiresAt: Date | null): Date {
  return new Date(Math.max(draft.now.getTime() + PAYING_MS, expiresAt?.getTime() ?? 0));
}

/** The first half: a hold becomes `paying`; from now on only the charge's outcome moves it. */
export function startPaying(draft: Draft, booking: BookingState, charge: NewCharge): BookingState {
  const expiresAt = payingUntil(draft, booking.expiresAt);
  return recordBooking(
    draft,
    {
      ...booking,
      status: 'paying',
      expiresAt,
      payments: [...booking.payments, startedCharge(charge, booking.total, false)],
      version: booking.version + 1,
    },
    historyOf(booking),
    {
      type: 'paying',
      actor: `user:${booking.userId}`,
      data: { paymentId: charge.paymentId, amount: booking.total, expiresAt: expiresAt.toISOString() },
    },
  );
}

/** The second half. What was settled already stays as it is, so an outcome may be told more than once. */
export function finishPayment(draft: Draft, request: FinishPaymentRequest): Answer {
  const booking = draft.bookings.get(request.bookingId);
  const charge = booking?.payments.find((payment) => payment.id === request.paymentId);
  if (!booking || !charge) return { problem: { code: 'not_found' } };
  if (charge.status === 'succeeded') return { booking };
  if (request.outcome === 'succeeded') return { booking: succeed(draft, booking, charge, request) };
  if (charge.status === 'failed') return { booking };
  if (request.outcome === 'failed') return { booking: fail(draft, booking, charge) };
  // Nothing of the booking changes, so nothing is told in its history: only the charge is marked for reconciliation.
  const marked = { ...booking, payments: withStatus(booking, charge.id, 'unknown') };
  draft.bookings.set(booking.id, marked);
  return { booking: marked };
}

function withStatus(booking: BookingState, paymentId: string, status: PaymentState['status']): PaymentState[] {
  return booking.payments.map((payment) => (payment.id === paymentId ? { ...payment, status } : payment));
}

function succeed(
  draft: Draft,
  booking: BookingState,
  charge: PaymentState,
  request: FinishPaymentRequest,
): BookingState {
  const payments = withStatus(booking, charge.id, 'succeeded');
  const isWaited = booking.status === 'paying' || (booking.status === 'held' && booking.total === charge.amount);
  if (!isWaited) return succeedLate(draft, { ...booking, payments }, charge, request);
  countHeldBy(draft, booking.userId, -booking.quantity);
  const confirmed = recordBooking(
    draft,
    {
      ...booking,
      payments,
      status: 'confirmed',
      tickets: moveTickets(draft, booking.tickets, 'valid'),
      expiresAt: null,
      confirmedAt: draft.now,
      version: booking.version + 1,
    },
    historyOf(booking),
    { type: 'confirmed', actor: 'system', data: { paymentId: charge.id } },
  );
  const { cancellation } = draft.show;
  return cancellation ? returnSale(draft, confirmed, cancellation, request.refundId) : confirmed;
}

function fail(draft: Draft, booking: BookingState, charge: PaymentState): BookingState {
  const payments = withStatus(booking, charge.id, 'failed');
  if (booking.status !== 'paying') {
    const marked = { ...booking, payments };
    draft.bookings.set(booking.id, marked);
    return marked;
  }
  if (charge.givesBack && booking.idempotencyKey !== null) {
    draft.bookingOfKey.delete(keyOf(booking.userId, booking.idempotencyKey));
  }
  const expiresAt = heldUntil(draft.show, booking);
  const isShorter = expiresAt?.getTime() !== booking.expiresAt?.getTime();
  const held = recordBooking(
    draft,
    {
      ...booking,
      payments,
      status: 'held',
      expiresAt,
      // A booking in one call was refused as a whole; its key may be used for the next try.
      idempotencyKey: charge.givesBack ? null : booking.idempotencyKey,
      version: booking.version + 1,
    },
    historyOf(booking),
    {
      type: 'payment_failed',
      actor: 'system',
      data: { paymentId: charge.id, ...(isShorter && { expiresAt: expiresAt?.toISOString() }) },
    },
  );
  if (draft.show.cancellation) return releaseHold(draft, held, draft.show.cancellation);
  const isOver = isOverdue(draft, held);
  if (!isOver && !charge.givesBack) return held;
  countHeldBy(draft, booking.userId, -booking.quantity);
  return giveBack(draft, held, isOver ? 'expired' : 'released', 'system');
}

/**
 * Money came for a booking that had given its places back: it takes them again where they are still free and the show is
 * still on; else the money goes back.
 */
function succeedLate(
  draft: Draft,
  booking: BookingState,
  charge: PaymentState,
  request: FinishPaymentRequest,
): BookingState {
  const lost = lastHeld(booking, charge);
  const canReturn =
    (booking.status === 'expired' || booking.status === 'released') &&
    lost.length > 0 &&
    isStillOn(draft) &&
    areFree(draft, lost);
  if (!canReturn) return refundLate(draft, booking, charge, request.refundId);
  if (lost.length > request.ticketIds.length) throw new Error('a payment has fewer ticket ids than places');
  const tickets = lost.map((ticket, index) => ({ ...ticket, id: request.ticketIds[index]! }));
  for (const { seatId } of tickets) if (seatId) draft.taken.add(seatId);
  return recordBooking(
    draft,
    {
      ...booking,
      status: 'confirmed',
      tickets: [...booking.tickets, ...moveTickets(draft, tickets, 'valid')],
      quantity: tickets.length,
      total: tickets.reduce((sum, ticket) => sum + ticket.price, 0),
      confirmedAt: draft.now,
      version: booking.version + 1,
    },
    historyOf(booking),
    {
      type: 'claimed_again',
      actor: 'system',
      data: {
        paymentId: charge.id,
        tickets: tickets.map(({ id, sectionId, seatId, price }) => ({ id, sectionId, seatId, price })),
      },
    },
  );
}

/** The places that the money was for: those that were given back without ever having been paid. */
function lastHeld(booking: BookingState, charge: PaymentState): TicketFacts[] {
  const lost = booking.tickets.filter((ticket) => ticket.status === 'void');
  return lost.reduce((sum, ticket) => sum + ticket.price, 0) === charge.amount ? lost : [];
}

function isStillOn({ show, now }: Draft): boolean {
  return show.status === 'scheduled' && show.eventStatus === 'published' && now < show.startsAt;
}

function areFree(draft: Draft, tickets: readonly TicketFacts[]): boolean {
  const wanted = Map.groupBy(tickets, (ticket) => ticket.sectionId);
  return (
    tickets.every(({ seatId }) => seatId === null || (!draft.taken.has(seatId) && !draft.blocked.has(seatId))) &&
    [...wanted].every(([sectionId, places]) => places.length <= openIn(sectionOf(draft, sectionId)))
  );
}

function refundLate(draft: Draft, booking: BookingState, charge: PaymentState, refundId: string): BookingState {
  const { amount, provider } = charge;
  return recordBooking(
    draft,
    {
      ...booking,
      payments: [...booking.payments, requestedRefund(refundId, charge.id, amount, provider)],
      version: booking.version + 1,
    },
    historyOf(booking),
    { type: 'refunded', actor: 'system', data: { paymentId: charge.id, refundId, amount } },
  );
}
