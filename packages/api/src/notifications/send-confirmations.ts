import { newId } from '@evently/db/ids';
import { sql } from 'kysely';
import type { Booking } from '../bookings/booking.ts';
import { findBooking } from '../bookings/find-bookings.ts';
import type { Services } from '../context.ts';
import type { Mail } from './mailer.ts';

/**
 * Tells buyers that their booking is confirmed: one mail per booking, whatever happens. The record of it is written first
 * and says whether the mail went out; a job that comes again sends only what did not.
 */
export async function sendConfirmations(services: Services, bookingIds: readonly string[]): Promise<void> {
  for (const bookingId of bookingIds) {
    const booking = await findBooking(services.db, bookingId, null);
    // Cancelled in the meantime: another mail will say so.
    if (booking.status === 'confirmed') await sendConfirmation(services, booking);
  }
}

async function sendConfirmation({ db, mailer, now }: Services, booking: Booking): Promise<void> {
  const record = await db
    .insertInto('notifications')
    .values({
      id: newId(),
      kind: 'booking_confirmed',
      booking_id: booking.id,
      user_id: booking.userId,
      channel: 'email',
      status: 'pending',
      created_at: now(),
    })
    // A conflict answers the row that is there.
    .onConflict((conflict) =>
      conflict.columns(['booking_id', 'kind', 'user_id', 'channel']).doUpdateSet({ kind: 'booking_confirmed' }),
    )
    .returning(['id', 'status'])
    .executeTakeFirstOrThrow();
  if (record.status === 'sent') return;
  const { rows } = await sql<MailFacts>`
    SELECT u.email, u.name, e.name AS event, v.name AS venue, v.city, v.time_zone AS "timeZone", s.starts_at AS "startsAt"
    FROM users u, shows s JOIN events e ON e.id = s.event_id JOIN venues v ON v.id = s.venue_id
    WHERE u.id = ${booking.userId} AND s.id = ${booking.showId}`.execute(db);
  const facts = rows[0];
  if (!facts) return;
  // Nobody can have an address under this domain (RFC 2606); the rush's made-up buyers do.
  if (!facts.email.endsWith('.invalid')) await mailer.send(writeMail(record.id, booking, facts));
  await db.updateTable('notifications').set({ status: 'sent', sent_at: now() }).where('id', '=', record.id).execute();
}

interface MailFacts {
  email: string;
  name: string;
  event: string;
  venue: string;
  city: string;
  timeZone: string;
  startsAt: Date;
}

function writeMail(id: string, booking: Booking, facts: MailFacts): Mail {
  const when = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone: facts.timeZone });
  const { amount, currency } = booking.total;
  const money = new Intl.NumberFormat('en-GB', { style: 'currency', currency });
  const digits = money.resolvedOptions().maximumFractionDigits ?? 2;
  const lines = [
    `Hello ${facts.name},`,
    '',
    `your booking ${booking.reference} is confirmed.`,
    '',
    facts.event,
    `${when.format(facts.startsAt)} (${facts.timeZone})`,
    `${facts.venue}, ${facts.city}`,
    '',
    ...booking.tickets.filter((ticket) => ticket.status === 'valid').map((ticket) => `- ${ticket.label}`),
    '',
    `Total: ${amount === 0 ? 'free' : money.format(amount / 10 ** digits)}`,
    '',
  ];
  return { id, to: facts.email, subject: `Confirmed: ${facts.event} (${booking.reference})`, text: lines.join('\n') };
}
