import type { Services } from '../context.ts';
import { writeConfirmation } from './confirmation-mail.ts';
import { sendBookingMails } from './send-booking-mails.ts';

/** Tells buyers that their bookings are confirmed. @throws as `sendBookingMails` */
export async function sendConfirmations(services: Services, bookingIds: readonly string[]): Promise<void> {
  await sendBookingMails(services, bookingIds, {
    kind: 'booking_confirmed',
    // What was cancelled in the meantime is told by another mail.
    isDue: (booking) => booking.status === 'confirmed',
    write: writeConfirmation,
  });
}
