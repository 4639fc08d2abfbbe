import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@evently/db/ids';
import type { NotificationRow } from '@evently/db/schema';
import { sql } from 'kysely';
import type { Booking } from '../bookings/booking.ts';
import { findBookings } from '../bookings/find-bookings.ts';
import type { Services } from '../context.ts';
import { type ConfirmationFacts, writeConfirmation } from './confirmation-mail.ts';

/** How many mails are under way at once. */
const MAILS_AT_ONCE = 8;
/** For each moment spent on mails, so many are left to others: mails may come a minute later, a sale may not. */
const RESTS_PER_WORK = { inRush: 30, else: 4 };

/**
 * Tells buyers that their bookings are confirmed: one mail per booking, whatever happens. The records of them are written
 * first and say whether the mail went out; a job that comes again sends only what did not.
 *
 * @throws the first failure, after every mail was tried
 */
export async function sendConfirmations(services: Services, bookingIds: readonly string[]): Promise<void> {
  const found = await findBookings(services.db, bookingIds);
  // What was cancelled in the meantime is told by another mail.
  const bookings = found.filter((booking) => booking.status === 'confirmed');
  if (bookings.length === 0) return;
  const records = await openRecords(services, bookings);
  const facts = await findFacts(services, bookings);
  const open = bookings.filter((booking) => records.get(booking.id)?.status === 'pending' && facts.has(booking.id));
  const failures: unknown[] = [];
  for (let next = 0; next < open.length; next += MAILS_AT_ONCE) {
    const began = performance.now();
    const sent: string[] = [];
    const tries = open.slice(next, next + MAILS_AT_ONCE).map(async (booking) => {
      const { id } = records.get(booking.id)!;
      await sendConfirmation(services, id, booking, facts.get(booking.id)!);
      sent.push(id);
    });
    for (const tried of await Promise.allSettled(tries)) if (tried.status === 'rejected') failures.push(tried.reason);
    await markSent(services, sent);
    const rests = RESTS_PER_WORK[services.boxOffice.isBusy() ? 'inRush' : 'else'];
    await sleep((performance.now() - began) * rests);
  }
  if (failures.length > 0) throw failures[0];
}

type MailRecord = Pick<NotificationRow, 'id' | 'booking_id' | 'status'>;

/** The record of each booking's mail, made where there is none yet. */
async function openRecords({ db, now }: Services, bookings: readonly Booking[]): Promise<Map<string, MailRecord>> {
  // In one order for everybody, so that two jobs over the same bookings do not wait for each other in a circle.
  const sorted = bookings.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const records = await db
    .insertInto('notifications')
    .values(
      sorted.map((booking) => ({
        id: newId(),
        kind: 'booking_confirmed' as const,
        booking_id: booking.id,
        user_id: booking.userId,
        channel: 'email' as const,
        status: 'pending' as const,
        created_at: now(),
      })),
    )
    // A conflict answers the row that is there.
    .onConflict((conflict) =>
      conflict.columns(['booking_id', 'kind', 'user_id', 'channel']).doUpdateSet({ kind: 'booking_confirmed' }),
    )
    .returning(['id', 'booking_id', 'status'])
    .execute();
  return new Map(records.map((record) => [record.booking_id, record]));
}

/** Whom the mails go to and what they are about, by booking; nothing for those whose account is gone. */
async function findFacts({ db }: Services, bookings: readonly Booking[]): Promise<Map<string, ConfirmationFacts>> {
  const { rows } = await sql<ConfirmationFacts & { bookingId: string }>`
    SELECT b.id AS "bookingId", u.email, u.name, e.name AS event, v.name AS venue, v.city, v.time_zone AS "timeZone",
      s.starts_at AS "startsAt"
    FROM unnest(${bookings.map((b) => b.id)}::uuid[], ${bookings.map((b) => b.userId)}::uuid[],
      ${bookings.map((b) => b.showId)}::uuid[]) AS b (id, user_id, show_id)
    CROSS JOIN LATERAL (SELECT email, name FROM users WHERE id = b.user_id LIMIT 1) AS u
    JOIN shows s ON s.id = b.show_id JOIN events e ON e.id = s.event_id JOIN venues v ON v.id = s.venue_id`.execute(db);
  return new Map(rows.map(({ bookingId, ...facts }) => [bookingId, facts]));
}

async function sendConfirmation(
  { mailer }: Services,
  id: string,
  booking: Booking,
  facts: ConfirmationFacts,
): Promise<void> {
  // Nobody can have an address under this domain (RFC 2606); the rush's made-up buyers do.
  if (!facts.email.endsWith('.invalid')) await mailer.send(writeConfirmation(id, booking, facts));
}

async function markSent({ db, now }: Services, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db.updateTable('notifications').set({ status: 'sent', sent_at: now() }).where('id', 'in', ids).execute();
}
