/** What must hold once everything has settled: all time has passed, all jobs are done, and nothing goes wrong any more. */
import type { BookingState } from '../box-office/inventory.ts';
import { violationsOf as historyViolationsOf } from '../integrity/history-fold.ts';
import type { Stage } from './stage.ts';

export function checkSettled(stage: Stage): void {
  const { ledger, promised, blame } = stage;
  const histories = Map.groupBy(ledger.history, ({ bookingId }) => bookingId);
  for (const booking of ledger.bookings.values()) {
    const { id, status } = booking;
    for (const violation of historyViolationsOf(toRow(booking), histories.get(id) ?? [])) blame(`I8: ${violation}`);
    if (status === 'held' || status === 'paying') blame(`I4: booking ${id} is ${status} for ever`);
    if (status === 'confirmed' && ledger.show.cancellation) blame(`booking ${id} outlives its show`);
    checkMoney(stage, booking);
    checkMails(stage, booking);
  }
  for (const [id, { version, status }] of promised) {
    const booking = ledger.bookings.get(id);
    if (!booking || booking.version < version) blame(`I10: booking ${id} was answered, and is gone`);
    else if (status === 'confirmed' && booking.status !== 'confirmed' && booking.status !== 'cancelled')
      blame(`I10: booking ${id} was confirmed, and is ${booking.status}`);
  }
  for (const { id, status } of ledger.entries.values()) {
    if (status === 'waiting' || status === 'offered') blame(`I6: entry ${id} is ${status} for ever`);
  }
  const paid = new Set([...ledger.bookings.values()].flatMap(({ payments }) => payments.map(({ id }) => id)));
  for (const id of [...stage.books.charges.keys(), ...stage.books.refunds.keys()])
    if (!paid.has(id)) blame(`money: the provider knows payment ${id}, and we do not`);
}

/** The provider's books say the same as ours, and what it keeps is what the booking is worth. */
function checkMoney({ books, ledger, blame }: Stage, booking: BookingState): void {
  let kept = 0;
  let stuck = 0;
  for (const { id, kind, status, amount } of booking.payments) {
    const isMade = kind === 'charge' ? books.charges.get(id)?.outcome.status === 'succeeded' : books.refunds.has(id);
    // A refund whose reply was lost on the last try is left to a person.
    const isLeft = kind === 'refund' && status === 'failed';
    if (!isLeft && (status !== 'succeeded') === isMade)
      blame(`money: ${kind} ${id} is ${status} here, at the provider ${isMade ? '' : 'not '}made`);
    if (status !== 'succeeded' && status !== 'failed') blame(`money: ${kind} ${id} is ${status} for ever`);
    if (isMade) kept += kind === 'charge' ? amount : -amount;
    else if (isLeft) stuck += amount;
  }
  const price = booking.tickets.reduce(
    (sum, t) => sum + (t.status === 'valid' || t.status === 'used' ? t.price : 0),
    0,
  );
  const worth = booking.retained + (ledger.show.collectAtDoor ? 0 : price);
  if (kept !== worth + stuck)
    blame(`I5: the provider keeps ${kept} for booking ${booking.id}, which is worth ${worth}`);
}

/** I7: whoever has a booking got one mail about it, and nobody got one about what was never theirs. */
function checkMails({ sent, blame }: Stage, { id, status, confirmedAt }: BookingState): void {
  const mailsOf = (name: string) => [...sent].filter((mail) => mail.startsWith(`${id} ${name} `)).length;
  const [confirmations, cancellations] = [mailsOf('send-confirmations'), mailsOf('send-cancellations')];
  const most = Math.max(confirmations, cancellations, mailsOf('send-offers'));
  if (most > 1) blame(`I7: booking ${id} was told of by ${most} mails of a kind`);
  if (confirmations > 0 && confirmedAt === null) blame(`I7: booking ${id} was confirmed by mail, and never was`);
  if (status === 'confirmed' && confirmations === 0) blame(`I7: booking ${id} was confirmed by no mail`);
  if ((status === 'cancelled') !== cancellations > 0) blame(`I7: ${cancellations} mails say that ${id} is cancelled`);
}

const toRow = (booking: BookingState) => ({
  ...{ id: booking.id, status: booking.status, quantity: booking.quantity, total: booking.total },
  ...{ retained: booking.retained, expires_at: booking.expiresAt, confirmed_at: booking.confirmedAt },
  ...{ cancelled_at: booking.cancelledAt, history_seq: booking.historySeq, history_hash: booking.historyHash },
});
