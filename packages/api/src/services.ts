import type { Db, Trx } from '@evently/db/client';
import type { JobQueues } from '@evently/jobs/queues';
import { createPasswords } from './auth/passwords.ts';
import { createSessions } from './auth/sessions.ts';
import type { Decision, HistoryType } from './box-office/inventory.ts';
import { createShowPlans } from './box-office/plans.ts';
import { createBoxOffice } from './box-office/queue.ts';
import type { AfterWrite } from './box-office/run-batch.ts';
import type { Logger, Services } from './context.ts';
import { noSeatLocks, type SeatLocks } from './locks.ts';
import type { Mailer } from './notifications/mailer.ts';
import { createSandbox } from './payments/sandbox.ts';
import { createSeatLayouts } from './venues/seat-layouts.ts';

export interface ServicesSettings {
  db: Db;
  queues: Pick<JobQueues, 'enqueue'>;
  log: Logger;
  /** Seat locks in Redis; absent: Postgres does it alone. */
  locks?: SeatLocks;
  /** Where mails go; absent in processes that work no jobs off. */
  mailer?: Mailer;
  /** How long a session lasts without use; admins' last twelve hours. */
  sessionDays?: number;
  /** How long a hold lasts where a show does not say, in seconds. */
  holdSeconds?: number;
  /** How many shows may be in a transaction at once: less than the pool of `db` has connections. */
  showsAtOnce?: number;
}

/** Puts together what lives as long as the process. Nothing here connects before it is used. */
export function createServices(settings: ServicesSettings): Services {
  const { db, queues, log, sessionDays = 7, holdSeconds = 600, showsAtOnce = 6 } = settings;
  const layouts = createSeatLayouts(db);
  const plans = createShowPlans(db, layouts);
  const afterWrite: AfterWrite = (trx, _plan, decision) => enqueueFollowUps(queues, trx, decision);
  const sandbox = createSandbox(db);
  return {
    db,
    layouts,
    plans,
    locks: settings.locks ?? noSeatLocks,
    boxOffice: createBoxOffice({ db, plans, afterWrite, maxAtOnce: showsAtOnce }),
    sessions: createSessions(db, { days: sessionDays }),
    passwords: createPasswords(),
    payments: { providers: new Map([[sandbox.name, sandbox]]), underWay: new Map() },
    mailer: settings.mailer ?? noMailer,
    now: () => new Date(),
    holdSeconds,
    log,
  };
}

const noMailer: Mailer = {
  send: async () => {
    throw new Error('this process sends no mail');
  },
};

/** What a batch leads to afterwards: at most one job per kind, in its own transaction. */
async function enqueueFollowUps(queues: Pick<JobQueues, 'enqueue'>, trx: Trx, decision: Decision): Promise<void> {
  const { changes, eventId } = decision;
  if (changes.soldOutChanged) await queues.enqueue(trx, 'refresh-listings', { eventIds: [eventId] });
  const refundIds = changes.newPayments
    .filter(({ payment }) => payment.kind === 'refund')
    .map(({ payment }) => payment.id);
  if (refundIds.length > 0) await queues.enqueue(trx, 'make-refunds', { refundIds });
  const confirmed = changes.history.filter((entry) => CONFIRMING.has(entry.type));
  const bookingIds = [...new Set(confirmed.map((entry) => entry.bookingId))];
  if (bookingIds.length > 0) await queues.enqueue(trx, 'send-confirmations', { bookingIds });
}

const CONFIRMING: ReadonlySet<HistoryType> = new Set(['booked', 'confirmed', 'claimed_again']);
