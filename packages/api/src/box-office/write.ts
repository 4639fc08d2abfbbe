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
import { inserted, joined } from './sent-rows.ts';
import { changedEntriesPart, entryEventsPart, newEntriesPart, waitingBy } from './write-waitlist.ts';

/** SQLSTATE division_by_zero, by which a write fails that does not fit what is there. */
const DOES_NOT_FIT = '22012';

/** Whether the rows to be written were not those that were decided on: somebody wrote past the lock. Decide again. */
export const isStaleWrite = (error: unknown): boolean => errorCodeOf(error) === DOES_NOT_FIT;

/** One part of the write: what changes rows of one table, and how many rows it must touch. */
interface Part {
  rows: number;
  statement: RawBuilder<unknown>;
}

/** Whether there is nothing to write. */
export function isEmpty({ cancelsShow, soldOutChanged: _, ...rows }: Changes): boolean {
  return !cancelsShow && Object.values(rows).every((list) => list.length === 0);
}

/**
 * What writes a decision: set-based, a statement per table, those with nothing to do left out, their texts always the same,
 * so that they can be kept prepared. Each counts its rows; fewer than decided (a booking of this key exists by now, a ticket is
 * not in the state it was loaded in) means that the decision was made on something else than what is there. Then the statement
 * itself fails, so that a commit may follow it without waiting for its answer; see `isStaleWrite`.
 *
 * What frees something that others may take (the seat of a hold that expired, the key of a booking that was refused) goes
 * first.
 */
export function writeStatements(place: Place, { changes, now }: Decision): RawBuilder<unknown>[] {
  if (isEmpty(changes)) return [];
  const parts: Part[] = [
    ...partOf(changes.changedBookings, (rows) => changedBookingsPart(place, rows)),
    ...partOf(changes.changedTickets, (rows) => changedTicketsPart(place, rows)),
    ...partOf(changes.changedPayments, (rows) => changedPaymentsPart(place, rows)),
    ...partOf(changes.unblockedSeats, (rows) => unblockPart(place, rows)),
    ...partOf(changes.changedEntries, (rows) => changedEntriesPart(place, rows)),
    versionPart(place, changes),
    ...partOf(changes.sections, (rows) => sectionsPart(place, rows)),
    ...partOf(changes.newBookings, (rows) => newBookingsPart(place, rows)),
    ...partOf(changes.newTickets, (rows) => newTicketsPart(place, rows)),
    ...partOf(changes.newPayments, (rows) => newPaymentsPart(place, now, rows)),
    ...partOf(changes.history, (rows) => historyPart(place, rows)),
    ...partOf(changes.blockedSeats, (rows) => blockPart(place, rows)),
    ...partOf(changes.newEntries, (rows) => newEntriesPart(place, rows)),
    ...partOf(changes.entryEvents, (rows) => entryEventsPart(place, rows)),
    ...(changes.cancelsShow ? [cancelShowPart(place, now, changes.cancelsShow)] : []),
  ];
  return parts.map(statementOf);
}

function statementOf({ rows, statement }: Part): RawBuilder<unknown> {
  return sql`WITH written AS (${statement} RETURNING 1)
    SELECT 1 / (CASE WHEN (SELECT count(*) FROM written) = ${rows}::int THEN 1 ELSE 0 END)`;
}

interface Place {
  showId: string;
  shard: number;
}

function partOf<T>(rows: readonly T[], write: (rows: readonly T[]) => RawBuilder<unknown>): Part[] {
  return rows.length === 0 ? [] : [{ rows: rows.length, statement: write(rows) }];
}

function versionPart({ showId, shard }: Place, changes: Changes): Part {
  const { newEntries, changedEntries } = changes;
  const line = sql`, waiting = waiting + ${waitingBy(changes)}, next_position = next_position + ${newEntries.length}`;
  const isLine = newEntries.length > 0 || changedEntries.length > 0;
  return {
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
  INSERT INTO bookings ${inserted(
    rows,
    [
      ['id', 'uuid', (b) => b.id],
      ['reference', 'text', (b) => b.reference],
      ['event_id', 'uuid', (b) => b.eventId],
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
      ['entry_id', 'uuid', (b) => b.entryId],
    ],
    [
      ['shard', 'smallint', { all: shard }],
      ['show_id', 'uuid', { all: showId }],
    ],
  )}
  ON CONFLICT DO NOTHING`;

const newTicketsPart = ({ showId, shard }: Place, rows: readonly NewTicket[]) => sql`
  INSERT INTO tickets ${inserted(
    rows,
    [
      ['id', 'uuid', (r) => r.ticket.id],
      ['booking_id', 'uuid', (r) => r.bookingId],
      ['section_id', 'uuid', (r) => r.ticket.sectionId],
      ['seat_id', 'uuid', (r) => r.ticket.seatId],
      ['price', 'bigint', (r) => r.ticket.price],
      ['status', 'text', (r) => r.ticket.status],
    ],
    [
      ['shard', 'smallint', { all: shard }],
      ['show_id', 'uuid', { all: showId }],
    ],
  )}`;

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
  FROM ${joined(rows, [
    ['id', 'uuid', (r) => r.paymentId],
    ['was', 'text', (r) => r.from],
    ['status', 'text', (r) => r.to],
  ])}
  WHERE payments.id = c.id AND shard = ${shard} AND payments.status = c.was`;

const cancelShowPart = ({ showId }: Place, now: Date, { reason, userId }: ShowCancellation): Part => ({
  rows: 1,
  statement: sql`
    UPDATE shows SET status = 'cancelled', version = version + 1, cancelled_at = ${now}::timestamptz,
      cancelled_by = ${userId}::uuid, cancellation_reason = ${reason}::text
    WHERE id = ${showId} AND status <> 'cancelled'`,
});

const historyPart = ({ shard }: Place, rows: readonly HistoryEntry[]) => sql`
  INSERT INTO booking_events ${inserted(
    rows,
    [
      ['booking_id', 'uuid', (r) => r.bookingId],
      ['seq', 'int', (r) => r.seq],
      ['type', 'text', (r) => r.type],
      ['actor', 'text', (r) => r.actor],
      ['at', 'timestamptz', (r) => r.at],
      ['data', 'jsonb', (r) => JSON.stringify(r.data)],
      ['previous_hash', 'text', (r) => r.previousHash],
      ['hash', 'text', (r) => r.hash],
    ],
    [['shard', 'smallint', { all: shard }]],
  )}`;

const blockPart = ({ showId, shard }: Place, rows: readonly { seatId: string; sectionId: string }[]) => sql`
  INSERT INTO blocked_seats ${inserted(
    rows,
    [
      ['seat_id', 'uuid', (r) => r.seatId],
      ['section_id', 'uuid', (r) => r.sectionId],
    ],
    [
      ['shard', 'smallint', { all: shard }],
      ['show_id', 'uuid', { all: showId }],
    ],
  )}`;

const unblockPart = ({ showId, shard }: Place, seatIds: readonly string[]) => sql`
  DELETE FROM blocked_seats WHERE show_id = ${showId} AND seat_id = ANY(${seatIds}::uuid[]) AND shard = ${shard}`;
