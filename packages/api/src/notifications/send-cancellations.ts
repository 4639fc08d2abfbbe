import type { Services } from '../context.ts';
import { writeCancellation } from './cancellation-mail.ts';
import { sendBookingMails } from './send-booking-mails.ts';

/** Tells buyers that their bookings are cancelled, and what goes back. @throws as `sendBookingMails` */
export async function sendCancellations(services: Services, bookingIds: readonly string[]): Promise<void> {
  await sendBookingMails(services, bookingIds, {
    kind: 'booking_cancelled',
    isDue: (booking) => booking.status === 'cancelled',
    write: writeCancellation,
  });
}
