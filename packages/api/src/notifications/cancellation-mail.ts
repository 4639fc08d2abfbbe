import type { Booking } from '../bookings/booking.ts';
import { moneyInWords } from '../in-words.ts';
import { type MailFacts, showLines } from './mail-facts.ts';
import type { Mail } from './mailer.ts';

/** @param id the mail's own, the same for every try */
export function writeCancellation(id: string, booking: Booking, facts: MailFacts): Mail {
  const { cancellationReason, refund } = booking;
  const lines = [
    `Hello ${facts.name},`,
    '',
    `your booking ${booking.reference} is cancelled.`,
    ...(cancellationReason === null ? [] : [`The reason: ${cancellationReason}`]),
    '',
    ...showLines(facts),
    '',
    ...(refund ? moneyLines(refund) : ['Nothing was paid, so nothing is returned.']),
    '',
  ];
  return { id, to: facts.email, subject: `Cancelled: ${facts.event} (${booking.reference})`, text: lines.join('\n') };
}

function moneyLines({ amount, fee, currency }: NonNullable<Booking['refund']>): string[] {
  const returned = `Returned to you: ${moneyInWords({ amount, currency })}`;
  return fee === 0 ? [returned] : [returned, `Kept: ${moneyInWords({ amount: fee, currency })}`];
}
