import { placeParty } from '../../best-seats/place-party.ts';
import type { Problem } from '../../problem.ts';
import type { Answer, BookingState } from '../inventory.ts';
import type { ClaimRequest } from '../requests.ts';
import { type Draft, keyOf, openIn, sectionOf } from './draft.ts';
import { isDue, payingUntil, startedCharge } from './pay.ts';
import { type Place, priceOf, take } from './take.ts';

/**
 * Takes all the places that a request asks for, or none. The checks come in the order that callers are promised:
 * existence, idempotency, limits, sales window, availability.
 */
export function claim(draft: Draft, request: ClaimRequest): Answer {
  const missing = findMissing(draft, request);
  if (missing) return { problem: missing };
  const key = keyOf(request.userId, request.idempotencyKey);
  const repeated = draft.bookingOfKey.get(key);
  if (repeated !== undefined) return answerAgain(draft, request, repeated);
  if (draft.entryOfKey.has(key)) return { problem: { code: 'idempotency_mismatch' } };
  const refused = findLimit(draft, request) ?? findClosed(draft);
  if (refused) return { problem: refused };
  const places = findPlaces(draft, request);
  if ('problem' in places) return places;
  const total = priceOf(draft, places);
  const isUnpaid = request.kind === 'book' && request.charge === null && isDue(draft, total);
  if (isUnpaid) return { problem: { code: 'payment_declined', reason: 'payment_required' } };
  return { booking: makeBooking(draft, request, places, total) };
}

function findMissing(draft: Draft, request: ClaimRequest): Problem | null {
  if (draft.show.eventStatus === 'draft') return { code: 'not_found' };
  const seat = request.seatIds.findIndex((seatId) => !draft.loaded.findSeat(seatId));
  if (seat >= 0) return issue(`seatIds.${seat}`, 'is not a seat of this show');
  const section = request.sections.findIndex(({ sectionId }) => !draft.sections.has(sectionId));
  return section < 0 ? null : issue(`sections.${section}.sectionId`, 'is not a section of this show');
}

const issue = (path: string, message: string): Problem => ({ code: 'invalid_input', issues: [{ path, message }] });

function answerAgain(draft: Draft, request: ClaimRequest, bookingId: string): Answer {
  const booking = draft.bookings.get(bookingId);
  if (!booking) throw new Error(`booking ${bookingId} was not loaded`);
  return booking.requestHash === request.requestHash ? { booking } : { problem: { code: 'idempotency_mismatch' } };
}

function quantityOf(request: ClaimRequest): number {
  return request.sections.reduce((sum, { quantity }) => sum + quantity, request.seatIds.length);
}

/** What is not paid yet counts towards what its user holds already; what is confirmed at once holds nothing. */
function findLimit(draft: Draft, request: ClaimRequest): Problem | null {
  const limit = draft.show.maxPerBooking;
  const held = request.kind === 'hold' || request.charge !== null ? (draft.heldByUser.get(request.userId) ?? 0) : 0;
  return held + quantityOf(request) > limit ? { code: 'limit_exceeded', limit } : null;
}

/** Why the show is not on sale, if it is not. */
export function findClosed({ show, now }: Draft): Problem | null {
  if (show.status === 'cancelled' || show.eventStatus === 'cancelled') return { code: 'not_on_sale' };
  if (now >= show.salesCloseAt) return { code: 'not_on_sale', closedAt: show.salesCloseAt.toISOString() };
  if (show.salesOpenAt === null) return { code: 'not_on_sale' };
  return now < show.salesOpenAt ? { code: 'not_on_sale', opensAt: show.salesOpenAt.toISOString() } : null;
}

/** Whether anybody may have the seat. */
function isOpen({ loaded, sections, taken, blocked }: Draft, seatId: string): boolean {
  const section = sections.get(loaded.findSeat(seatId)?.sectionId ?? '');
  return !taken.has(seatId) && !blocked.has(seatId) && section?.isSaved === false;
}

function findPlaces(draft: Draft, request: ClaimRequest): Place[] | { problem: Problem } {
  const unavailable = request.seatIds.filter((seatId) => !isOpen(draft, seatId));
  if (unavailable.length > 0) return { problem: { code: 'seat_taken', seatIds: unavailable } };
  const places: Place[] = request.seatIds.map((seatId) => {
    const seat = draft.loaded.findSeat(seatId);
    if (!seat) throw new Error(`seat ${seatId} was not loaded`);
    return { sectionId: seat.sectionId, seatId };
  });
  const wanted = new Map<string, number>();
  for (const place of places) wanted.set(place.sectionId, (wanted.get(place.sectionId) ?? 0) + 1);
  for (const { sectionId, quantity } of request.sections)
    wanted.set(sectionId, (wanted.get(sectionId) ?? 0) + quantity);
  for (const [sectionId, quantity] of wanted) {
    const available = openIn(sectionOf(draft, sectionId));
    if (quantity > available) return { problem: { code: 'sold_out', sectionId, available } };
  }
  for (const { sectionId, quantity } of request.sections) {
    if (sectionOf(draft, sectionId).kind === 'standing') {
      for (let i = 0; i < quantity; i += 1) places.push({ sectionId, seatId: null });
      continue;
    }
    const chosen = new Set(places.map((place) => place.seatId));
    const isFree = (seatId: string) => !draft.taken.has(seatId) && !draft.blocked.has(seatId) && !chosen.has(seatId);
    const placement = placeParty(draft.loaded.seatsOf(sectionId), isFree, quantity);
    if (!placement) throw new Error(`section ${sectionId} has fewer free seats than its counters say`);
    for (const seatId of placement.seatIds) places.push({ sectionId, seatId });
  }
  return places;
}

function makeBooking(draft: Draft, request: ClaimRequest, places: readonly Place[], total: number): BookingState {
  const { show, now } = draft;
  const paying = request.kind === 'book' && isDue(draft, total) ? request.charge : null;
  const status = request.kind === 'hold' ? 'held' : paying ? 'paying' : 'confirmed';
  const deadline = new Date(now.getTime() + show.holdSeconds * 1000);
  const { bookingId, userId, ticketIds, idempotencyKey, requestHash, specialRequests, metadata } = request;
  draft.bookingOfKey.set(keyOf(userId, idempotencyKey), bookingId);
  return take(draft, {
    bookingId,
    userId,
    ticketIds,
    places,
    total,
    status,
    expiresAt: status === 'confirmed' ? null : paying ? payingUntil(draft, deadline) : deadline,
    idempotencyKey,
    requestHash,
    specialRequests,
    metadata,
    payments: paying ? [startedCharge(paying, total, true)] : [],
    entryId: null,
    history: {
      type: HISTORY_TYPE[status],
      actor: `user:${userId}`,
      data: paying ? { paymentId: paying.paymentId } : {},
    },
  });
}

const HISTORY_TYPE = { held: 'held', paying: 'paying', confirmed: 'booked' } as const;
