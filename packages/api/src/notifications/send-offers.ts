import type { Services } from '../context.ts';
import { writeOffer } from './offer-mail.ts';
import { sendBookingMails } from './send-booking-mails.ts';

/**
 * Tells those who waited what is offered to them, and until when.
 *
 * @param bookingIds of the offers
 * @throws as `sendBookingMails`
 */
export async function sendOffers(services: Services, bookingIds: readonly string[]): Promise<void> {
  const now = services.now();
  await sendBookingMails(services, bookingIds, {
    kind: 'places_offered',
    // What was accepted, declined or lapsed before the mail could go out is an offer no longer.
    isDue: ({ status, expiresAt }) => status === 'held' && expiresAt !== null && expiresAt > now,
    write: writeOffer,
  });
}
