import type { Db } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import type { BookingRow, BookingStatus } from '@evently/db/schema';
import { sql } from 'kysely';
import { decodeCursor, ID_PATTERN, pageOfRows } from '../cursor.ts';
import { notFound } from '../problem.ts';
import { type Booking, labelOf, type TicketFacts, toBooking } from './booking.ts';

/** @throws `not_found`, also for somebody else's booking */
export async function findBooking(db: Db, userId: string, bookingId: string): Promise<Booking> {
  const row = await db
    .selectFrom('bookings')
    .selectAll()
    .where('id', '=', bookingId)
    .where('shard', '=', shardOf(bookingId))
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (!row) throw notFound();
  return withTickets(row, await listTickets(db, [row]));
}

export interface BookingFilter {
  status?: BookingStatus | undefined;
  /** Only bookings of shows that have not begun. */
  upcoming?: boolean | undefined;
  cursor?: string | undefined;
  limit: number;
}

/** A user's bookings, newest first. */
export async function listBookings(
  db: Db,
  userId: string,
  filter: BookingFilter,
  now: Date,
): Promise<{ items: Booking[]; nextCursor: string | null }> {
  const [before] = decodeCursor(filter.cursor, [ID_PATTERN]) ?? [];
  let query = db
    .selectFrom('bookings')
    .selectAll('bookings')
    .where('user_id', '=', userId)
    .orderBy('bookings.id', 'desc')
    .limit(filter.limit + 1);
  if (before !== undefined) query = query.where('bookings.id', '<', before);
  if (filter.status !== undefined) query = query.where('bookings.status', '=', filter.status);
  if (filter.upcoming) {
    query = query.where(({ exists, selectFrom }) =>
      exists(
        selectFrom('shows').select('id').whereRef('shows.id', '=', 'bookings.show_id').where('starts_at', '>', now),
      ),
    );
  }
  const rows = await query.execute();
  const tickets = await listTickets(db, rows);
  return pageOfRows(
    rows,
    filter.limit,
    (row) => [row.id],
    (row) => withTickets(row, tickets),
  );
}

type LabelledTicket = TicketFacts & { bookingId: string; label: string };

async function listTickets(db: Db, bookings: readonly BookingRow[]): Promise<LabelledTicket[]> {
  if (bookings.length === 0) return [];
  const { rows } = await sql<LabelledTicketRow>`
    SELECT t.id, t.booking_id AS "bookingId", t.section_id AS "sectionId", t.seat_id AS "seatId", t.price, t.status,
      section.name AS section, seat.row_label AS row, seat.number
    FROM unnest(${bookings.map((b) => b.id)}::uuid[], ${bookings.map((b) => b.shard)}::smallint[]) AS b (id, shard)
    CROSS JOIN LATERAL (SELECT * FROM tickets WHERE booking_id = b.id AND tickets.shard = b.shard) AS t
    JOIN venue_sections section ON section.id = t.section_id
    LEFT JOIN venue_seats seat ON seat.id = t.seat_id
    ORDER BY t.id`.execute(db);
  return rows.map(({ section, row, number, ...ticket }) => ({ ...ticket, label: labelOf({ section, row, number }) }));
}

type LabelledTicketRow = TicketFacts & {
  bookingId: string;
  section: string;
  row: string | null;
  number: string | null;
};

function withTickets(row: BookingRow, tickets: readonly LabelledTicket[]): Booking {
  return toBooking(
    {
      id: row.id,
      reference: row.reference,
      eventId: row.event_id,
      showId: row.show_id,
      userId: row.user_id,
      status: row.status,
      quantity: row.quantity,
      total: row.total,
      retained: row.retained,
      currency: row.currency,
      expiresAt: row.expires_at,
      createdAt: row.created_at,
      confirmedAt: row.confirmed_at,
      cancelledAt: row.cancelled_at,
      specialRequests: row.special_requests,
      metadata: row.metadata,
      version: row.version,
    },
    tickets.filter((ticket) => ticket.bookingId === row.id).map(({ bookingId: _, ...ticket }) => ticket),
  );
}
