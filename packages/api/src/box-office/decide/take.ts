import { referenceOf, type TicketFacts } from '../../bookings/booking.ts';
import type { BookingState, HistoryType, PaymentState } from '../inventory.ts';
import { countHeldBy, countIn, type Draft, recordBooking, sectionOf } from './draft.ts';
import { GENESIS_HASH } from './history.ts';

/** A place that is about to be taken. */
export interface Place {
  sectionId: string;
  seatId: string | null;
}

/** A booking that is about to be made. */
export interface Taking {
  bookingId: string;
  userId: string;
  /** At least as many as places. */
  ticketIds: readonly string[];
  places: readonly Place[];
  /** What they cost together. */
  total: number;
  status: 'held' | 'paying' | 'confirmed';
  expiresAt: Date | null;
  idempotencyKey: string | null;
  requestHash: string;
  specialRequests: string | null;
  metadata: Record<string, unknown> | null;
  payments: PaymentState[];
  entryId: string | null;
  history: { type: HistoryType; actor: string; data: Record<string, unknown> };
}

/** What places cost together. */
export function priceOf(draft: Draft, places: readonly Place[]): number {
  return places.reduce((sum, { sectionId }) => sum + sectionOf(draft, sectionId).price, 0);
}

/** Makes a booking of places that are free. */
export function take(draft: Draft, taking: Taking): BookingState {
  const { show, now } = draft;
  const { bookingId, userId, ticketIds, places, status, expiresAt, history } = taking;
  const isBooked = status === 'confirmed';
  if (places.length > ticketIds.length) throw new Error('a claim has fewer ticket ids than places');
  const tickets: TicketFacts[] = places.map(({ sectionId, seatId }, index) => ({
    id: ticketIds[index]!,
    sectionId,
    seatId,
    price: sectionOf(draft, sectionId).price,
    status: isBooked ? 'valid' : 'held',
  }));
  for (const ticket of tickets) {
    countIn(draft, ticket.sectionId, isBooked ? { sold: 1 } : { held: 1 });
    if (ticket.seatId) draft.taken.add(ticket.seatId);
  }
  if (!isBooked) countHeldBy(draft, userId, tickets.length);
  return recordBooking(
    draft,
    {
      id: bookingId,
      reference: referenceOf(bookingId),
      eventId: show.eventId,
      showId: show.id,
      userId,
      status,
      quantity: tickets.length,
      total: taking.total,
      retained: 0,
      currency: show.currency,
      expiresAt,
      createdAt: now,
      confirmedAt: isBooked ? now : null,
      cancelledAt: null,
      specialRequests: taking.specialRequests,
      cancellationReason: null,
      metadata: taking.metadata,
      version: 1,
      idempotencyKey: taking.idempotencyKey,
      requestHash: taking.requestHash,
      entryId: taking.entryId,
      tickets,
      payments: taking.payments,
    },
    { seq: 0, hash: GENESIS_HASH },
    {
      type: history.type,
      actor: history.actor,
      data: {
        eventId: show.eventId,
        showId: show.id,
        userId,
        currency: show.currency,
        expiresAt: expiresAt?.toISOString() ?? null,
        tickets: tickets.map(({ id, sectionId, seatId, price }) => ({ id, sectionId, seatId, price })),
        ...history.data,
      },
    },
  );
}
