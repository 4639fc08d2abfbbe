import type { Booking } from '../bookings/booking.ts';
import { instantInWords, moneyInWords } from '../in-words.ts';
import { type MailFacts, showLines } from './mail-facts.ts';
import type { Mail } from './mailer.ts';

/** @param id the mail's own, the same for every try */
export function writeOffer(id: string, booking: Booking, facts: MailFacts): Mail {
  const { total, tickets, expiresAt } = booking;
  const lines = [
    `Hello ${facts.name},`,
    '',
    'you are on the waitlist, and these places are held for you now:',
    '',
    ...showLines(facts),
    '',
    ...tickets.map((ticket) => `- ${ticket.label}`),
    '',
    `Total: ${total.amount === 0 ? 'free' : moneyInWords(total)}`,
    ...(expiresAt === null ? [] : [`Accept by: ${instantInWords(expiresAt, facts.timeZone)}`]),
    '',
    'After that they go to whoever is next. If you do not want them, please decline.',
    '',
  ];
  return {
    id,
    to: facts.email,
    subject: `Places for you: ${facts.event} (${booking.reference})`,
    text: lines.join('\n'),
  };
}
