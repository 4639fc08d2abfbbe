import { errorCodeOf } from '@evently/db/transaction';
import { type RawBuilder, sql } from 'kysely';
import type {
  BookingChange,
  BookingState,
  Changes,
  Decision,
  HistoryEntry,
  NewPayment,
  NewTicket,
  PaymentChange,
  SectionChange,
  ShowCancellation,
  TicketChange,
} from './inventory.ts';
import { type Column, inserted, joined } from './sent-rows.ts';
import { changedEntriesPart, entryEventsPart, newEntriesPart, waitingBy } from './write-waitlist.ts';

/** SQLSTATE division_by_zero, by which a write fails that does not fit what is there. */
const DOES_NOT_FIT = '22012';

/** Whether the rows to be written were not those that were decided on: somebody wrote past the lock. Decide again. */
export const isStaleWrite = (error: unknown): boolean => errorCodeOf(error) === DOES_NOT_FIT;

/** One part of the write: a data-modifying CTE, and how many rows it must touch. */
interface Part {
  name: string;
  rows: number;
  statement: RawBuilder<unknown>;
}

/** Whether there is nothing to write. */
export function isEmpty({ cancelsShow, soldOutChanged: _, ...rows }: Changes): boolean {
  return !cancelsShow && Object.values(rows).every((list) => list.length === 0);
}

/**
 * What writes a decision, in one statement: a CTE per table, set-based, the parts with nothing to do left out. Each part
 * counts its rows; fewer than decided (a booking of this key exists by now, a ticket is not in the state it was loaded in)
 * means that the decision was made on something else than what is there. Then the statement itself fails, so that a commit
 * may follow it without waiting for its answer; see `isStaleWrite`.
 *
 * The parts of one statement run in no particular order, so when some free what others may take (the seat of a hold that
 * expired, the key of a booking that was refused), the freeing ones go first, in a statement of their own.
 */
export function writeStatements(place: Place, { changes, now }: Decision): RawBuilder<unknown>[] {
  if (isEmpty(changes)) return [];
  const freeing: Part[] = [
    ...partOf('booking_changes', changes.changedBookings, (rows) => changedBookingsPart(place, rows)),
    ...partOf('ticket_changes', changes.changedTickets, (rows) => changedTicketsPart(place, rows)),
    ...partOf('payment_changes', changes.changedPayments, (rows) => changedPaymentsPart(place, rows)),
    ...partOf('unblocked', changes.unblockedSeats, (rows) => unblockPart(place, rows)),
    ...partOf('entry_changes', changes.changedEntries, (rows) => changedEntriesPart(place, rows)),
  ];
  const taking: Part[] = [
    versionPart(place, changes),
    ...partOf('sections', changes.sections, (rows) => sectionsPart(place, rows)),
    ...partOf('bookings', changes.newBookings, (rows) => newBookingsPart(place, rows)),
    ...partOf('tickets', changes.newTickets, (rows) => newTicketsPart(place, rows)),
    ...partOf('payments', changes.newPayments, (rows) => newPaymentsPart(place, now, rows)),
    ...partOf('history', changes.history, (rows) => historyPart(place, rows)),
    ...partOf('blocked', changes.blockedSeats, (rows) => blockPart(place, rows)),
    ...partOf('entries', changes.newEntries, (rows) => newEntriesPart(place, rows)),
    ...partOf('entry_events', changes.entryEvents, (rows) => entryEventsPart(place, rows)),
    ...(changes.cancelsShow ? [cancelShowPart(place, now, changes.cancelsShow)] : []),
  ];
  const isTaken = changes.newTickets.length > 0;
  const isJoined = changes.newEntries.length > 0;
  const isSplit = (isTaken && freesSomething(changes)) || (isJoined && changes.changedEntries.length > 0);
  return isSplit ? [statementOf(freeing), statementOf(taking)] : [statementOf([...freeing, ...taking])];
}

/** Whether seats or keys become free that others may take: a hold that is confirmed frees nothing. */
const freesSomething = ({ changedTickets, changedBookings, unblockedSeats }: Changes): boolean =>
  unblockedSeats.length > 0 ||
  changedTickets.some(({ to }) => to === 'void') ||
  changedBookings.some(({ booking }) => booking.idempotencyKey === null);

function statementOf(parts: readonly Part[]): RawBuilder<unknown> {
  const ctes = parts.map(({ name, statement }) => sql`${sql.id(name)} AS (${statement} RETURNING 1)`);
  const fits = parts.map(({ name, rows }) => sql`(SELECT count(*) FROM ${sql.id(name)}) = ${sql.lit(rows)}`);
  return sql`WITH ${sql.join(ctes, sql`, `)} SELECT 1 / (CASE WHEN ${sql.join(fits, sql` AND `)} THEN 1 ELSE 0 END)`;
}

interface Place {
  showId: string;
  shard: number;
}

function partOf<T>(name: string, rows: readonly T[], statementOf: (rows: readonly T[]) => RawBuilder<unknown>): Part[] {
  return rows.length === 0 ? [] : [{ name, rows: rows.length, statement: statementOf(rows) }];
}

function versionPart({ showId, shard }: Place, changes: Changes): Part {
  const { newEntries, changedEntries } = changes;
  const line = sql`, waiting = waiting + ${waitingBy(changes)}, next_position = next_position + ${newEntries.length}`;
  const isLine = newEntries.length > 0 || changedEntries.length > 0;
  return {
    name: 'version',
    rows: 1,
    statement: sql`UPDATE show_inventory SET version = version + 1${isLine ? line : sql``}
      WHERE show_id = ${showId} AND shard = ${shard}`,
  };
}

const sectionsPart = ({ showId, shard }: Place, rows: readonly SectionChange[]) => sql`
  UPDATE show_sections SET held = held + d.by_held, sold = sold + d.by_sold, blocked = blocked + d.by_blocked,
    capacity = capacity + d.by_capacity${savedPart(rows)}
  FROM unnest(${rows.map((r) => r.sectionId)}::uuid[], ${rows.map((r) => r.held)}::int[], ${rows.map((r) => r.sold)}::int[],
    ${rows.map((r) => r.blocked)}::int[], ${rows.map((r) => r.capacity)}::int[])
    AS d (section, by_held, by_sold, by_blocked, by_capacity)
  WHERE show_id = ${showId} AND section_id = d.section AND shard = ${shard}`;

/** Which sections are saved for somebody who waits, where that changed. */
function savedPart(rows: readonly SectionChange[]): RawBuilder<unknown> {
  const idsOf = (isSaved: boolean) => rows.filter((r) => r.isSaved === isSaved).map((r) => r.sectionId);
  const [saved, unsaved] = [idsOf(true), idsOf(false)];
  if (saved.length === 0 && unsaved.length === 0) return sql``;
  return sql`, saved = (saved OR section_id = ANY(${saved}::uuid[])) AND section_id <> ALL(${unsaved}::uuid[])`;
}

const newBookingsPart = ({ showId, shard }: Place, rows: readonly BookingState[]) => sql`
  INSERT INTO bookings ${inserted(rows, [
    ['id', 'uuid', (b) => b.id],
    ['shard', 'smallint', () => shard],
    ['reference', 'text', (b) => b.reference],
    ['event_id', 'uuid', (b) => b.eventId],
    ['show_id', 'uuid', () => showId],
    ['user_id', 'uuid', (b) => b.userId],
    ['status', 'text', (b) => b.status],
    ['quantity', 'int', (b) => b.quantity],
    ['total', 'bigint', (b) => b.total],
    ['retained', 'bigint', (b) => b.retained],
    ['currency', 'text', (b) => b.currency],
    ['expires_at', 'timestamptz', (b) => b.expiresAt],
    ['created_at', 'timestamptz', (b) => b.createdAt],
    ['confirmed_at', 'timestamptz', (b) => b.confirmedAt],
    ['cancelled_at', 'timestamptz', (b) => b.cancelledAt],
    ['idempotency_key', 'text', (b) => b.idempotencyKey],
    ['request_hash', 'text', (b) => b.requestHash],
    ['special_requests', 'text', (b) => b.specialRequests],
    ['metadata', 'jsonb', (b) => (b.metadata === null ? null : JSON.stringify(b.metadata))],
    ['version', 'int', (b) => b.version],
    ['history_seq', 'int', (b) => b.historySeq],
    ['history_hash', 'text', (b) => b.historyHash],
    // Hardly any is an offer.
    ...(rows.some((b) => b.entryId !== null) ? [ENTRY_ID] : []),
  ])}
  ON CONFLICT DO NOTHING`;

const ENTRY_ID: Column<BookingState> = ['entry_id', 'uuid', (b) => b.entryId];

const newTicketsPart = ({ showId, shard }: Place, rows: readonly NewTicket[]) => sql`
  INSERT INTO tickets ${inserted(rows, [
    ['id', 'uuid', (r) => r.ticket.id],
    ['shard', 'smallint', () => shard],
    ['booking_id', 'uuid', (r) => r.bookingId],
    ['show_id', 'uuid', () => showId],
    ['section_id', 'uuid', (r) => r.ticket.sectionId],
    ['seat_id', 'uuid', (r) => r.ticket.seatId],
    ['price', 'bigint', (r) => r.ticket.price],
    ['status', 'text', (r) => r.ticket.status],
  ])}`;

const changedBookingsPart = ({ shard }: Place, rows: readonly BookingChange[]) => sql`
  UPDATE bookings SET status = c.status, quantity = c.quantity, total = c.total, retained = c.retained,
    expires_at = c.expires_at, confirmed_at = c.confirmed_at, cancelled_at = c.cancelled_at, version = c.version,
    idempotency_key = c.key, cancellation_reason = c.reason, history_seq = c.history_seq, history_hash = c.history_hash
  FROM ${joined(rows, [
    ['id', 'uuid', (r) => r.booking.id],
    ['was', 'text', (r) => r.from],
    ['status', 'text', (r) => r.booking.status],
    ['quantity', 'int', (r) => r.booking.quantity],
    ['total', 'bigint', (r) => r.booking.total],
    ['retained', 'bigint', (r) => r.booking.retained],
    ['expires_at', 'timestamptz', (r) => r.booking.expiresAt],
    ['confirmed_at', 'timestamptz', (r) => r.booking.confirmedAt],
    ['cancelled_at', 'timestamptz', (r) => r.booking.cancelledAt],
    ['version', 'int', (r) => r.booking.version],
    ['key', 'text', (r) => r.booking.idempotencyKey],
    ['reason', 'text', (r) => r.booking.cancellationReason],
    ['history_seq', 'int', (r) => r.booking.historySeq],
    ['history_hash', 'text', (r) => r.booking.historyHash],
  ])}
  WHERE bookings.id = c.id AND shard = ${shard} AND bookings.status = c.was`;

const changedTicketsPart = ({ shard }: Place, rows: readonly TicketChange[]) => sql`
  UPDATE tickets SET status = c.status
  FROM ${joined(rows, [
    ['id', 'uuid', (r) => r.ticketId],
    ['was', 'text', (r) => r.from],
    ['status', 'text', (r) => r.to],
  ])}
  WHERE tickets.id = c.id AND shard = ${shard} AND tickets.status = c.was`;

const newPaymentsPart = ({ showId, shard }: Place, now: Date, rows: readonly NewPayment[]) => sql`
  INSERT INTO payments (id, shard, booking_id, show_id, kind, status, amount, currency, provider, charge_id, gives_back, created_at)
  SELECT p.id, ${shard}::smallint, p.booking_id, ${showId}::uuid, p.kind, p.status, p.amount, shows.currency, p.provider,
    p.charge_id, p.gives_back, ${now}::timestamptz
  FROM unnest(${rows.map((r) => r.payment.id)}::uuid[], ${rows.map((r) => r.bookingId)}::uuid[],
    ${rows.map((r) => r.payment.kind)}::text[], ${rows.map((r) => r.payment.status)}::text[],
    ${rows.map((r) => r.payment.amount)}::bigint[], ${rows.map((r) => r.payment.provider)}::text[],
    ${rows.map((r) => r.payment.chargeId)}::uuid[], ${rows.map((r) => r.payment.givesBack)}::boolean[])
    AS p (id, booking_id, kind, status, amount, provider, charge_id, gives_back)
  JOIN shows ON shows.id = ${showId}`;

const changedPaymentsPart = ({ shard }: Place, rows: readonly PaymentChange[]) => sql`
  UPDATE payments SET status = c.status
  FROM unnest(${rows.map((r) => r.paymentId)}::uuid[], ${rows.map((r) => r.from)}::text[], ${rows.map((r) => r.to)}::text[])
    AS c (id, was, status)
  WHERE payments.id = c.id AND shard = ${shard} AND payments.status = c.was`;

const cancelShowPart = ({ showId }: Place, now: Date, { reason, userId }: ShowCancellation): Part => ({
  name: 'show',
  rows: 1,
  statement: sql`
    UPDATE shows SET status = 'cancelled', version = version + 1, cancelled_at = ${now}::timestamptz,
      cancelled_by = ${userId}::uuid, cancellation_reason = ${reason}::text
    WHERE id = ${showId} AND status <> 'cancelled'`,
});

const historyPart = ({ shard }: Place, rows: readonly HistoryEntry[]) => sql`
  INSERT INTO booking_events ${inserted(rows, [
    ['booking_id', 'uuid', (r) => r.bookingId],
    ['seq', 'int', (r) => r.seq],
    ['shard', 'smallint', () => shard],
    ['type', 'text', (r) => r.type],
    ['actor', 'text', (r) => r.actor],
    ['at', 'timestamptz', (r) => r.at],
    ['data', 'jsonb', (r) => JSON.stringify(r.data)],
    ['previous_hash', 'text', (r) => r.previousHash],
    ['hash', 'text', (r) => r.hash],
  ])}`;

const blockPart = ({ showId, shard }: Place, rows: readonly { seatId: string; sectionId: string }[]) => sql`
  INSERT INTO blocked_seats (show_id, seat_id, shard, section_id)
  SELECT ${showId}::uuid, seat_id, ${shard}::smallint, section_id
  FROM unnest(${rows.map((r) => r.seatId)}::uuid[], ${rows.map((r) => r.sectionId)}::uuid[]) AS b (seat_id, section_id)`;

const unblockPart = ({ showId, shard }: Place, seatIds: readonly string[]) => sql`
  DELETE FROM blocked_seats WHERE show_id = ${showId} AND seat_id = ANY(${seatIds}::uuid[]) AND shard = ${shard}`;
