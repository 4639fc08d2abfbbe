import type { Booking } from '../bookings/booking.ts';
import type { Mail } from './mailer.ts';

/** Whom a confirmation goes to, and what it is about. */
export interface ConfirmationFacts {
  email: string;
  name: string;
  event: string;
  venue: string;
  city: string;
  timeZone: string;
  startsAt: Date;
}

/** Formats are costly to make, and there are as many as time zones and currencies. */
function remember<T>(make: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const found = known.get(name) ?? make(name);
    known.set(name, found);
    return found;
  };
}

const whenIn = remember(
  (timeZone) => new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone }),
);
const moneyIn = remember((currency) => new Intl.NumberFormat('en-GB', { style: 'currency', currency }));

/** @param id the mail's own, the same for every try */
export function writeConfirmation(id: string, booking: Booking, facts: ConfirmationFacts): Mail {
  const { amount, currency } = booking.total;
  const money = moneyIn(currency);
  const digits = money.resolvedOptions().maximumFractionDigits ?? 2;
  const lines = [
    `Hello ${facts.name},`,
    '',
    `your booking ${booking.reference} is confirmed.`,
    '',
    facts.event,
    `${whenIn(facts.timeZone).format(facts.startsAt)} (${facts.timeZone})`,
    `${facts.venue}, ${facts.city}`,
    '',
    ...booking.tickets.filter((ticket) => ticket.status === 'valid').map((ticket) => `- ${ticket.label}`),
    '',
    `Total: ${amount === 0 ? 'free' : money.format(amount / 10 ** digits)}`,
    '',
  ];
  return { id, to: facts.email, subject: `Confirmed: ${facts.event} (${booking.reference})`, text: lines.join('\n') };
}
