import type { Handlers } from '@evently/jobs/worker';
import { sweepHolds } from './bookings/sweep-holds.ts';
import type { Services } from './context.ts';
import { listDueListings, refreshListings } from './events/refresh-listings.ts';
import { cancelBookings } from './mass-cancellation/cancel-bookings.ts';
import { resumeCancellations } from './mass-cancellation/resume-cancellations.ts';
import { sendCancellations } from './notifications/send-cancellations.ts';
import { sendClosings } from './notifications/send-closings.ts';
import { sendConfirmations } from './notifications/send-confirmations.ts';
import { sendOffers } from './notifications/send-offers.ts';
import { reconcilePayments } from './payments/reconcile.ts';
import { makeRefunds } from './payments/refund.ts';

/** What each job does, a line each. */
export function createJobHandlers(services: Services): Handlers {
  const { db, sessions, now } = services;
  return {
    'refresh-listings': ({ eventIds }) => refreshListings(services, eventIds, now()),
    'refresh-due-listings': async () => refreshListings(services, await listDueListings(db, now()), now()),
    'delete-expired-sessions': () => sessions.deleteExpired(),
    'sweep-holds': () => sweepHolds(services),
    'reconcile-payments': () => reconcilePayments(services),
    'make-refunds': ({ refundIds }, { isLastTry }) => makeRefunds(services, refundIds, isLastTry),
    'send-offers': ({ bookingIds }) => sendOffers(services, bookingIds),
    'send-closings': ({ entryIds }) => sendClosings(services, entryIds),
    'send-confirmations': ({ bookingIds }) => sendConfirmations(services, bookingIds),
    'send-cancellations': ({ bookingIds }) => sendCancellations(services, bookingIds),
    'cancel-bookings': ({ showId }) => cancelBookings(services, showId),
    'resume-cancellations': () => resumeCancellations(services),
  };
}
