import { z } from 'zod';

/** How one kind of job is queued. Retries back off exponentially from `retryDelaySeconds`. */
export interface JobDefinition {
  payload: z.ZodType<object>;
  retryLimit: number;
  retryDelaySeconds: number;
  /** A worker that has not finished by then is taken for dead, and the job is tried again. */
  expireInSeconds: number;
  /** The job comes round by itself, this often at most, however many processes there are. */
  everySeconds?: number;
}

const nothing = z.strictObject({});
const ROUTINE = { payload: nothing, retryLimit: 0, retryDelaySeconds: 1, expireInSeconds: 60 };

/** A mail that comes late is better than none. */
const MAILS = { retryLimit: 10, retryDelaySeconds: 5, expireInSeconds: 300 };

/**
 * Every job there is: its name, what it carries, how it is retried. Jobs carry ids and re-read the state they act on:
 * they are delivered at least once.
 */
export const jobs = {
  /** Brings what lists show of these events up to date: next show, cheapest price, sold out or not. */
  'refresh-listings': {
    payload: z.strictObject({ eventIds: z.array(z.uuid()).min(1) }),
    retryLimit: 5,
    retryDelaySeconds: 1,
    expireInSeconds: 60,
  },
  /** Moves events whose next show has begun on to the show after it, or out of the lists. */
  'refresh-due-listings': { ...ROUTINE, everySeconds: 5 },
  /** Ends the holds that nobody came back for. How often is a setting of the worker. */
  'sweep-holds': { ...ROUTINE, everySeconds: 30 },
  /** Finds out what became of charges that nobody settled. */
  'reconcile-payments': { ...ROUTINE, everySeconds: 5 },
  /** Returns money. Tried for about a day, then left to a person. */
  'make-refunds': {
    payload: z.strictObject({ refundIds: z.array(z.uuid()).min(1) }),
    retryLimit: 12,
    retryDelaySeconds: 5,
    expireInSeconds: 120,
  },
  /** Tells buyers that their bookings are confirmed. */
  'send-confirmations': { ...MAILS, payload: z.strictObject({ bookingIds: z.array(z.uuid()).min(1) }) },
  /** Tells buyers that their bookings are cancelled, and what goes back. */
  'send-cancellations': { ...MAILS, payload: z.strictObject({ bookingIds: z.array(z.uuid()).min(1) }) },
  /** Cancels what was sold of a show that is cancelled. What it does not finish, the next one takes up. */
  'cancel-bookings': {
    payload: z.strictObject({ showId: z.uuid() }),
    retryLimit: 5,
    retryDelaySeconds: 1,
    expireInSeconds: 60,
  },
  /** Takes up cancellations of shows and events that are not finished: their process died, or a charge was under way. */
  'resume-cancellations': { ...ROUTINE, everySeconds: 5 },
  /** Tells those who wait what is offered to them. */
  'send-offers': {
    payload: z.strictObject({ bookingIds: z.array(z.uuid()).min(1) }),
    // Quickly or never: an offer lasts for minutes.
    retryLimit: 6,
    retryDelaySeconds: 2,
    expireInSeconds: 300,
  },
  /** Tells those who wait that they wait no longer. */
  'send-closings': { ...MAILS, payload: z.strictObject({ entryIds: z.array(z.uuid()).min(1) }) },
  /** Forgets sessions that nobody can use any more. */
  'delete-expired-sessions': { ...ROUTINE, everySeconds: 3600 },
} satisfies Record<string, JobDefinition>;

export type JobName = keyof typeof jobs;
export type JobPayload<N extends JobName> = z.infer<(typeof jobs)[N]['payload']>;

export const jobNames = Object.keys(jobs) as JobName[];
