import type { BookingState, ShowFacts } from '../inventory.ts';

const MINUTE_MS = 60_000;
/** How long an offer lasts at most. */
export const OFFER_MS = 30 * MINUTE_MS;

/** How long a hold may be prolonged to: twice as long as it lasts. */
export function prolongedUntil({ holdSeconds }: ShowFacts, { createdAt }: Pick<BookingState, 'createdAt'>): Date {
  return new Date(createdAt.getTime() + 2 * holdSeconds * 1000);
}

/**
 * Until when a hold stays one whose payment failed. While a charge is under way, the deadline moves; if it stayed there,
 * whoever tries a declined card every two minutes would keep the places for ever.
 */
export function heldUntil(
  show: ShowFacts,
  booking: Pick<BookingState, 'createdAt' | 'expiresAt' | 'entryId'>,
): Date | null {
  const { createdAt, expiresAt, entryId } = booking;
  const prolonged = prolongedUntil(show, booking).getTime();
  const last = entryId === null ? prolonged : Math.max(prolonged, createdAt.getTime() + OFFER_MS);
  return expiresAt && new Date(Math.min(expiresAt.getTime(), last));
}
