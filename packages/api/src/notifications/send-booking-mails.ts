import type { Booking } from '../bookings/booking.ts';
import { findBookings } from '../bookings/find-bookings.ts';
import type { Services } from '../context.ts';
import { type MailKind, sendMails } from './send-mails.ts';

/** A kind of mail about a booking. */
export interface BookingMail extends MailKind<Booking> {
  /** Whether it is still true of the booking; if not, another mail tells of it. */
  isDue: (booking: Booking) => boolean;
}

/**
 * Sends a mail per booking to whose it is, as it stands now.
 *
 * @throws as `sendMails`
 */
export async function sendBookingMails(
  services: Services,
  bookingIds: readonly string[],
  mail: BookingMail,
): Promise<void> {
  const bookings = await findBookings(services.db, bookingIds);
  await sendMails(services, bookings.filter(mail.isDue), mail);
}
