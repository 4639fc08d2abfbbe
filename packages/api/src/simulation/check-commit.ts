/** What must hold at every commit. */
import { isDeepStrictEqual } from 'node:util';
import type { BookingState, Decision } from '../box-office/inventory.ts';
import type { BoxOfficeRequest } from '../box-office/requests.ts';
import { violationsOf } from '../box-office/testing-world.ts';
import { checkLine } from './check-line.ts';
import { checkEntryMove, checkMove } from './check-moves.ts';
import { isUnpaid } from './load-inventory.ts';
import type { Stage } from './stage.ts';

/** Looks at what was just committed: the rows, and the moves that led to them. */
export function checkCommit(stage: Stage, requests: readonly BoxOfficeRequest[], decision: Decision): void {
  const { ledger, blame } = stage;
  const { changes, now } = decision;
  for (const violation of violationsOf(ledger)) blame(violation);
  for (const booking of [...changes.newBookings, ...changes.changedBookings.map((change) => change.booking)]) {
    const written = ledger.bookings.get(booking.id);
    if (!isDeepStrictEqual(withoutRefunds(written), withoutRefunds(booking))) {
      blame(`booking ${booking.id} is not written as it was decided`);
    }
    if (booking.version !== booking.historySeq) blame(`booking ${booking.id} changed without a word in its history`);
    checkKey(stage, booking);
  }
  for (const entry of changes.history) checkMove(stage, requests, changes, entry);
  for (const event of changes.entryEvents) checkEntryMove(stage, event);
  for (const booking of ledger.bookings.values()) {
    const isLeft = booking.status === 'held' && booking.expiresAt !== null && booking.expiresAt <= now;
    if (isLeft) blame(`I4: booking ${booking.id} is held after its deadline`);
  }
  const wasCancelled = ledger.show.cancellation !== null && changes.cancelsShow === null;
  for (const { booking, from } of wasCancelled ? changes.changedBookings : []) {
    const isAlive = booking.status === 'held' || booking.status === 'confirmed';
    if (isAlive && from !== booking.status) blame(`booking ${booking.id} is ${booking.status} in a cancelled show`);
  }
  checkLimits(stage, now);
  checkLine(stage, requests, decision);
}

/** Refunds are made while the lock is somebody else's. */
const withoutRefunds = (booking: BookingState | undefined) =>
  booking && { ...booking, payments: booking.payments.filter(({ kind }) => kind === 'charge') };

/** Offers have no key. Any other is given free by a claim whose payment failed, since that is refused, and by nothing else. */
function checkKey({ blame }: Stage, { id, idempotencyKey, entryId, payments }: BookingState): void {
  if (entryId !== null) return;
  const isRefused = payments.some(({ givesBack, status }) => givesBack && status === 'failed');
  // Such a payment may succeed after all.
  const wasRefused = isRefused || payments.some(({ givesBack, status }) => givesBack && status === 'succeeded');
  if (idempotencyKey === null ? !wasRefused : isRefused)
    blame(`I9: the key of booking ${id} is ${idempotencyKey ?? 'free'}`);
}

/** Nobody holds more unpaid than one may have; what they were offered is beside that. */
function checkLimits({ ledger, users, blame }: Stage, now: Date): void {
  for (const userId of users) {
    let held = 0;
    for (const booking of ledger.bookings.values()) {
      if (booking.userId === userId && booking.entryId === null && isUnpaid(booking, now)) held += booking.quantity;
    }
    if (held > ledger.show.maxPerBooking) blame(`user ${userId} holds ${held} places unpaid`);
  }
}
