import type { Booking } from '../bookings/booking.ts';
import { moneyInWords } from '../in-words.ts';
import { type MailFacts, showLines } from './mail-facts.ts';
import type { Mail } from './mailer.ts';

/** @param id the mail's own, the same for every try */
export function writeConfirmation(id: string, booking: Booking, facts: MailFacts): Mail {
  const { total } = booking;
  const lines = [
    `Hello ${facts.name},`,
    '',
    `your booking ${booking.reference} is confirmed.`,
    '',
    ...showLines(facts),
    '',
    ...booking.tickets.filter((ticket) => ticket.status === 'valid').map((ticket) => `- ${ticket.label}`),
    '',
    `Total: ${total.amount === 0 ? 'free' : moneyInWords(total)}`,
    '',
  ];
  return { id, to: facts.email, subject: `Confirmed: ${facts.event} (${booking.reference})`, text: lines.join('\n') };
}
