import type { Db } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import type { BookingRow, BookingStatus } from '@evently/db/schema';
import { type RawBuilder, sql } from 'kysely';
import { decodeCursor, ID_PATTERN, pageOfRows } from '../cursor.ts';
import { notFound } from '../problem.ts';
import { type Booking, labelOf, type RefundFacts, type TicketFacts, toBooking } from './booking.ts';

/** @param userId whose it must be; null for admins @throws `not_found`, also for somebody else's booking */
export async function findBooking(db: Db, bookingId: string, userId: string | null): Promise<Booking> {
  const row = await db
    .selectFrom('bookings')
    .selectAll()
    .where('id', '=', bookingId)
    .where('shard', '=', shardOf(bookingId))
    .executeTakeFirst();
  if (!row || (userId !== null && row.user_id !== userId)) throw notFound();
  const [booking] = await present(db, [row]);
  if (!booking) throw notFound();
  return booking;
}

/** Those of the bookings that there are, whoever owns them, in no order. */
export async function findBookings(db: Db, bookingIds: readonly string[]): Promise<Booking[]> {
  if (bookingIds.length === 0) return [];
  const rows = await db
    .selectFrom('bookings')
    .selectAll()
    .where('id', 'in', bookingIds)
    .where('shard', 'in', [...new Set(bookingIds.map(shardOf))])
    .execute();
  return await present(db, rows);
}

export interface BookingFilter {
  userId?: string | undefined;
  eventId?: string | undefined;
  showId?: string | undefined;
  status?: BookingStatus | undefined;
  /** A reference code, whole or its beginning, or part of the e-mail address or the name of whose booking it is. */
  q?: string | undefined;
  /** Only bookings of shows that have not begun. */
  upcoming?: boolean | undefined;
  cursor?: string | undefined;
  limit: number;
}

/** Bookings that fit, newest first. */
export async function listBookings(
  db: Db,
  filter: BookingFilter,
  now: Date,
): Promise<{ items: Booking[]; nextCursor: string | null }> {
  const [before] = decodeCursor(filter.cursor, [ID_PATTERN]) ?? [];
  let query = db
    .selectFrom('bookings')
    .selectAll('bookings')
    .orderBy('bookings.id', 'desc')
    .limit(filter.limit + 1);
  if (before !== undefined) query = query.where('bookings.id', '<', before);
  if (filter.userId !== undefined) query = query.where('user_id', '=', filter.userId);
  if (filter.showId !== undefined) {
    query = query.where('show_id', '=', filter.showId).where('shard', '=', shardOf(filter.showId));
  }
  if (filter.eventId !== undefined) {
    query = query.where('event_id', '=', filter.eventId).where('shard', '=', shardOf(filter.eventId));
  }
  if (filter.status !== undefined) query = query.where('bookings.status', '=', filter.status);
  if (filter.q) query = query.where(matches(filter.q));
  if (filter.upcoming) {
    query = query.where(({ exists, selectFrom }) =>
      exists(
        selectFrom('shows').select('id').whereRef('shows.id', '=', 'bookings.show_id').where('starts_at', '>', now),
      ),
    );
  }
  const rows = await query.execute();
  const { items, nextCursor } = pageOfRows(
    rows,
    filter.limit,
    (row) => [row.id],
    (row) => row,
  );
  return { items: await present(db, items), nextCursor };
}

function matches(q: string): RawBuilder<boolean> {
  const escaped = q.replace(/[\\%_]/g, '\\$&');
  return sql<boolean>`(reference LIKE ${`${escaped.toUpperCase()}%`} OR user_id IN (
    SELECT id FROM users WHERE email ILIKE ${`%${escaped}%`} OR name ILIKE ${`%${escaped}%`}))`;
}

/** The bookings with their tickets and refunds, in two statements whatever their number. */
async function present(db: Db, bookings: readonly BookingRow[]): Promise<Booking[]> {
  const [tickets, refunds] = await Promise.all([listTickets(db, bookings), listRefunds(db, bookings)]);
  return bookings.map((row) => assemble(row, tickets, refunds));
}

async function listRefunds(db: Db, bookings: readonly BookingRow[]): Promise<(RefundFacts & { bookingId: string })[]> {
  if (bookings.length === 0) return [];
  return await db
    .selectFrom('payments')
    .select(['booking_id as bookingId', 'amount', 'status'])
    .where(
      'booking_id',
      'in',
      bookings.map((booking) => booking.id),
    )
    .where('kind', '=', 'refund')
    .execute();
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

function assemble(
  row: BookingRow,
  tickets: readonly LabelledTicket[],
  refunds: readonly (RefundFacts & { bookingId: string })[],
): Booking {
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
      cancellationReason: row.cancellation_reason,
      metadata: row.metadata,
      version: row.version,
    },
    tickets.filter((ticket) => ticket.bookingId === row.id).map(({ bookingId: _, ...ticket }) => ticket),
    refunds.filter((refund) => refund.bookingId === row.id),
  );
}
