/** The database, in memory: it takes a decision's changes row by row as `write.ts` has them written, with the same walls. */

import { keyOf } from '../box-office/decide/draft.ts';
import type {
  BookingState,
  Changes,
  NewPayment,
  NewTicket,
  PaymentChange,
  SectionChange,
  TicketChange,
} from '../box-office/inventory.ts';
import type { World } from '../box-office/testing-world.ts';
import { isEmpty } from '../box-office/write.ts';
import type { Job } from './jobs.ts';
import { writeEntries } from './ledger-line.ts';
import { wall } from './wall.ts';

export interface Ledger extends World {
  version: number;
  /** How many wait, as it is counted. */
  waiting: number;
  nextPosition: number;
  /** The booking whose live ticket names the seat: the unique index on live tickets. */
  bookingOfSeat: Map<string, string>;
  /** The unique key per user and show. */
  bookingOfKey: Map<string, string>;
  bookingOfTicket: Map<string, string>;
  bookingOfPayment: Map<string, string>;
  /** When each payment was written down. */
  paidAt: Map<string, Date>;
  jobs: Job[];
  /** Confirmations by booking: each is one mail, whatever becomes of the job that sends it. */
  mails: Map<string, { id: string; isSent: boolean }>;
}

export function createLedger(world: World): Ledger {
  return {
    ...world,
    version: 0,
    waiting: 0,
    nextPosition: 1,
    bookingOfSeat: new Map(),
    bookingOfKey: new Map(),
    bookingOfTicket: new Map(),
    bookingOfPayment: new Map(),
    paidAt: new Map(),
    jobs: [],
    mails: new Map(),
  };
}

const LIVE: ReadonlySet<string> = new Set(['held', 'valid', 'used']);

/** Writes a decision, what frees something first. @throws WallHit */
export function write(ledger: Ledger, changes: Changes, now: Date): void {
  if (isEmpty(changes)) return;
  ledger.version += 1;
  for (const { booking, from } of changes.changedBookings) updateBooking(ledger, booking, from);
  for (const change of changes.changedTickets) updateTicket(ledger, change);
  for (const change of changes.changedPayments) updatePayment(ledger, change);
  for (const seatId of changes.unblockedSeats) wall(ledger.blocked.delete(seatId), `seat ${seatId} is not blocked`);
  for (const booking of changes.newBookings) insertBooking(ledger, booking);
  for (const change of changes.newTickets) insertTicket(ledger, change);
  for (const change of changes.newPayments) insertPayment(ledger, change, now);
  for (const { seatId } of changes.blockedSeats) {
    wall(!ledger.blocked.has(seatId), `seat ${seatId} is blocked already`);
    ledger.blocked.add(seatId);
  }
  for (const change of changes.sections) updateSection(ledger, change);
  writeEntries(ledger, changes);
  for (const entry of changes.history) {
    const isNext = (ledger.bookings.get(entry.bookingId)?.historySeq ?? 0) >= entry.seq;
    wall(isNext, `booking ${entry.bookingId} does not know entry ${entry.seq} of its history`);
    ledger.history.push(entry);
  }
  if (!changes.cancelsShow) return;
  wall(ledger.show.status !== 'cancelled', 'the show is cancelled already');
  ledger.show = { ...ledger.show, status: 'cancelled', cancellation: changes.cancelsShow };
}

function updateSection(ledger: Ledger, { sectionId, isSaved, ...by }: SectionChange): void {
  const before = ledger.sections.get(sectionId);
  wall(before !== undefined, `there is no section ${sectionId}`);
  const after = {
    ...before,
    held: before.held + by.held,
    sold: before.sold + by.sold,
    blocked: before.blocked + by.blocked,
    capacity: before.capacity + by.capacity,
    isSaved: isSaved ?? before.isSaved,
  };
  const fits =
    Math.min(after.held, after.sold, after.blocked) >= 0 && after.held + after.sold + after.blocked <= after.capacity;
  wall(fits, `section ${sectionId} would count ${after.held}, ${after.sold}, ${after.blocked} of ${after.capacity}`);
  ledger.sections.set(sectionId, after);
}

/** The CHECKs of the table. */
function checkBooking({ id, status, quantity, total, retained, expiresAt }: BookingState): void {
  const hasDeadline = status === 'held' || status === 'paying';
  wall(quantity >= 0 && total >= 0 && retained >= 0, `booking ${id} would count ${quantity} at ${total}, ${retained}`);
  wall((expiresAt !== null) === hasDeadline, `booking ${id} would be ${status} until ${expiresAt?.toISOString()}`);
}

function insertBooking(ledger: Ledger, booking: BookingState): void {
  checkBooking(booking);
  const key = booking.idempotencyKey === null ? null : keyOf(booking.userId, booking.idempotencyKey);
  const isNew = !ledger.bookings.has(booking.id) && (key === null || !ledger.bookingOfKey.has(key));
  wall(isNew, `booking ${booking.id} or its key ${booking.idempotencyKey} exists`);
  ledger.bookings.set(booking.id, { ...booking, tickets: [], payments: [] });
  if (key !== null) ledger.bookingOfKey.set(key, booking.id);
}

/** Only the columns that the UPDATE names. */
function updateBooking(ledger: Ledger, booking: BookingState, from: string): void {
  checkBooking(booking);
  const before = ledger.bookings.get(booking.id);
  wall(before?.status === from, `booking ${booking.id} is ${before?.status}, not ${from}`);
  const { status, quantity, total, retained, expiresAt, confirmedAt, cancelledAt, version } = booking;
  const { idempotencyKey, cancellationReason, historySeq, historyHash } = booking;
  if (before.idempotencyKey !== idempotencyKey) {
    wall(idempotencyKey === null, `booking ${booking.id} would get another key`);
    ledger.bookingOfKey.delete(keyOf(before.userId, before.idempotencyKey ?? ''));
  }
  ledger.bookings.set(booking.id, {
    ...before,
    ...{ status, quantity, total, retained, expiresAt, confirmedAt, cancelledAt, version },
    ...{ idempotencyKey, cancellationReason, historySeq, historyHash },
  });
}

function bookingOf(ledger: Ledger, bookingId: string | undefined): BookingState {
  const booking = bookingId === undefined ? undefined : ledger.bookings.get(bookingId);
  wall(booking !== undefined, `there is no booking ${bookingId}`);
  return booking;
}

function insertTicket(ledger: Ledger, { bookingId, ticket }: NewTicket): void {
  const booking = bookingOf(ledger, bookingId);
  wall(!ledger.bookingOfTicket.has(ticket.id), `ticket ${ticket.id} exists`);
  wall(ticket.seatId === null || !ledger.bookingOfSeat.has(ticket.seatId), `seat ${ticket.seatId} is taken already`);
  ledger.bookingOfTicket.set(ticket.id, bookingId);
  if (ticket.seatId !== null && LIVE.has(ticket.status)) ledger.bookingOfSeat.set(ticket.seatId, bookingId);
  ledger.bookings.set(bookingId, { ...booking, tickets: [...booking.tickets, ticket] });
}

function updateTicket(ledger: Ledger, { ticketId, from, to }: TicketChange): void {
  const booking = bookingOf(ledger, ledger.bookingOfTicket.get(ticketId));
  const tickets = booking.tickets.map((ticket) => {
    if (ticket.id !== ticketId) return ticket;
    wall(ticket.status === from, `ticket ${ticketId} is ${ticket.status}, not ${from}`);
    if (ticket.seatId !== null && !LIVE.has(to)) ledger.bookingOfSeat.delete(ticket.seatId);
    return { ...ticket, status: to };
  });
  ledger.bookings.set(booking.id, { ...booking, tickets });
}

function insertPayment(ledger: Ledger, { bookingId, payment }: NewPayment, now: Date): void {
  const booking = bookingOf(ledger, bookingId);
  wall(!ledger.bookingOfPayment.has(payment.id), `payment ${payment.id} exists`);
  wall(payment.amount > 0, `payment ${payment.id} would be of ${payment.amount}`);
  wall((payment.chargeId !== null) === (payment.kind === 'refund'), `payment ${payment.id} returns no charge`);
  ledger.bookingOfPayment.set(payment.id, bookingId);
  ledger.paidAt.set(payment.id, now);
  ledger.bookings.set(bookingId, { ...booking, payments: [...booking.payments, payment] });
}

/** @throws WallHit also when a payment is not in the state that it was loaded in */
export function updatePayment(ledger: Ledger, { paymentId, from, to }: PaymentChange): void {
  const booking = bookingOf(ledger, ledger.bookingOfPayment.get(paymentId));
  const payments = booking.payments.map((payment) => {
    if (payment.id !== paymentId) return payment;
    wall(payment.status === from, `payment ${paymentId} is ${payment.status}, not ${from}`);
    return { ...payment, status: to };
  });
  ledger.bookings.set(booking.id, { ...booking, payments });
}
