import type { BookingState, Inventory } from '../box-office/inventory.ts';
import { concernOf, MAX_EXPIRED_PER_BATCH } from '../box-office/load.ts';
import type { ShowPlan } from '../box-office/plans.ts';
import type { BoxOfficeRequest } from '../box-office/requests.ts';
import type { Ledger } from './ledger.ts';
import { addLine } from './load-line.ts';

/** Loads what `load.ts` would load for a batch, and nothing else: a rule that needs more is found out. */
export function loadInventory(
  ledger: Ledger,
  plan: ShowPlan,
  requests: readonly BoxOfficeRequest[],
  now: Date,
): Inventory {
  const concern = concernOf(plan, requests);
  const bookings = new Map<string, BookingState>();
  const add = (bookingId: string | undefined) => {
    const booking = bookingId === undefined ? undefined : ledger.bookings.get(bookingId);
    if (booking) bookings.set(booking.id, booking);
  };
  const isOverdue = (booking: BookingState | undefined) =>
    booking?.status === 'held' && booking.expiresAt !== null && booking.expiresAt <= now;
  const overdue = [...ledger.bookings.values()].filter(isOverdue);
  overdue.sort((a, b) => Number(a.expiresAt) - Number(b.expiresAt));

  for (const id of concern.bookingIds) add(id);
  for (const { id } of overdue.slice(0, MAX_EXPIRED_PER_BATCH)) add(id);
  for (const { userId, key } of concern.keys) add(ledger.bookingOfKey.get(`${userId} ${key}`));
  for (const seatId of concern.seatIds) {
    const holder = ledger.bookings.get(ledger.bookingOfSeat.get(seatId) ?? '');
    if (isOverdue(holder)) add(holder?.id);
  }
  const seatIds = new Set(concern.seatIds);
  for (const id of concern.paidBookingIds) {
    for (const { seatId } of ledger.bookings.get(id)?.tickets ?? []) if (seatId !== null) seatIds.add(seatId);
  }
  for (const id of concern.pickedSectionIds) {
    for (const row of ledger.rows.get(id) ?? []) for (const { seatId } of row) seatIds.add(seatId);
  }
  const inventory: Inventory = {
    show: ledger.show,
    version: ledger.version,
    sections: new Map(ledger.sections),
    findSeat: (seatId) => ledger.seats.get(seatId),
    seatsOf: (sectionId) => ledger.rows.get(sectionId) ?? [],
    taken: new Set([...seatIds].filter((seatId) => ledger.bookingOfSeat.has(seatId))),
    blocked: new Set([...seatIds].filter((seatId) => ledger.blocked.has(seatId))),
    bookings,
    heldByUser: new Map(concern.holders.map((userId) => [userId, countHeld(ledger, userId, now)])),
    entries: new Map(),
    nextPosition: ledger.nextPosition,
  };
  const isLine = ledger.nextPosition > 1 || requests.some((request) => 'entryId' in request);
  return isLine ? addLine(ledger, { inventory, requests, keys: concern.keys, now }) : inventory;
}

/** How many places somebody holds unpaid. */
function countHeld(ledger: Ledger, userId: string, now: Date): number {
  let held = 0;
  for (const booking of ledger.bookings.values()) {
    if (booking.userId === userId && isUnpaid(booking, now)) held += booking.quantity;
  }
  return held;
}

export function isUnpaid({ status, expiresAt }: BookingState, now: Date): boolean {
  return status === 'paying' || (status === 'held' && expiresAt !== null && expiresAt > now);
}
