import type { JobName, JobPayload } from '@evently/jobs/jobs';
import type { Decision, HistoryType } from './inventory.ts';

/** A job that is queued in the transaction of a decision. */
export type FollowUp = { [N in JobName]: { name: N; payload: JobPayload<N> } }[JobName];

const CONFIRMING: ReadonlySet<HistoryType> = new Set(['booked', 'confirmed', 'claimed_again']);

/** What a decision leads to afterwards: at most one job per kind. Pure. */
export function followUpsOf({ changes, showId, eventId }: Decision): FollowUp[] {
  const jobs: FollowUp[] = [];
  if (changes.cancelsShow) jobs.push({ name: 'cancel-bookings', payload: { showId } });
  if (changes.soldOutChanged || changes.cancelsShow) {
    jobs.push({ name: 'refresh-listings', payload: { eventIds: [eventId] } });
  }
  const refunds = changes.newPayments.filter(({ payment }) => payment.kind === 'refund');
  if (refunds.length > 0) {
    jobs.push({ name: 'make-refunds', payload: { refundIds: refunds.map(({ payment }) => payment.id) } });
  }
  const confirmed = changes.history.filter((entry) => CONFIRMING.has(entry.type));
  const bookingIds = [...new Set(confirmed.map((entry) => entry.bookingId))];
  if (bookingIds.length > 0) jobs.push({ name: 'send-confirmations', payload: { bookingIds } });
  const offers = changes.newBookings.filter(({ entryId, status }) => entryId !== null && status === 'held');
  if (offers.length > 0) jobs.push({ name: 'send-offers', payload: { bookingIds: offers.map(({ id }) => id) } });
  const closed = changes.changedEntries.filter(({ entry }) => entry.status === 'closed');
  if (closed.length > 0) {
    jobs.push({ name: 'send-closings', payload: { entryIds: closed.map(({ entry }) => entry.id) } });
  }
  const cancelled = changes.changedBookings.filter(({ booking }) => booking.status === 'cancelled');
  if (cancelled.length > 0) {
    jobs.push({ name: 'send-cancellations', payload: { bookingIds: cancelled.map(({ booking }) => booking.id) } });
  }
  return jobs;
}
