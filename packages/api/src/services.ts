import type { Db } from '@evently/db/client';
import type { JobQueues } from '@evently/jobs/queues';
import type { CompiledQuery } from 'kysely';
import { createPasswords } from './auth/passwords.ts';
import { createSessions } from './auth/sessions.ts';
import { createBookingPlaces } from './bookings/ask.ts';
import type { Decision, HistoryType } from './box-office/inventory.ts';
import { createShowPlans, type ShowPlan } from './box-office/plans.ts';
import { createBoxOffice } from './box-office/queue.ts';
import { createSoldOutGate } from './box-office/sold-out-gate.ts';
import { isEmpty } from './box-office/write.ts';
import { createChanges } from './changes.ts';
import type { Logger, Services } from './context.ts';
import { type Limits, noLimits } from './limits/limits.ts';
import { noSeatLocks, type SeatLocks } from './locks.ts';
import { countChanges, type Metrics, noMetrics } from './metrics.ts';
import type { Mailer } from './notifications/mailer.ts';
import { createSandbox } from './payments/sandbox.ts';
import type { ProblemCode } from './problem.ts';
import type { Replica } from './read-db/follow-replica.ts';
import { createReadDb } from './read-db.ts';
import { createSeatLayouts } from './venues/seat-layouts.ts';

export interface ServicesSettings {
  db: Db;
  queues: Pick<JobQueues, 'prepare'>;
  log: Logger;
  /** Seat locks in Redis; absent: Postgres does it alone. */
  locks?: SeatLocks;
  /** How much one caller may do; absent: as much as they like. */
  limits?: Limits;
  /** Where mails go; absent in processes that work no jobs off. */
  mailer?: Mailer;
  /** How long a session lasts without use; admins' last twelve hours. */
  sessionDays?: number;
  /** How long a hold lasts where a show does not say, in seconds. */
  holdSeconds?: number;
  /** How many shows may be in a transaction at once: less than the pool of `db` has connections. */
  showsAtOnce?: number;
  /** Who is told of the work that is done; absent: nobody. */
  metrics?: Metrics;
  /** What the catalogue is read from where that is as good; absent: `db`. */
  replica?: Replica;
}

/** Puts together what lives as long as the process. Nothing here connects before it is used. */
export function createServices(settings: ServicesSettings): Services {
  const { db, queues, log, sessionDays = 7, holdSeconds = 600, showsAtOnce = 6, metrics = noMetrics } = settings;
  const layouts = createSeatLayouts(db);
  const plans = createShowPlans(db, layouts);
  const changes = createChanges(log);
  // Before any cache: whoever reads anew because of a change shall not be sent to a replica that lacks it.
  const readDb = createReadDb({ primary: db, replica: settings.replica ?? null, changes, metrics, log });
  const soldOut = createSoldOutGate({ db, changes });
  const sandbox = createSandbox(db);
  return {
    db,
    readDb,
    layouts,
    plans,
    changes,
    locks: settings.locks ?? noSeatLocks,
    limits: settings.limits ?? noLimits,
    bookingPlaces: createBookingPlaces(),
    soldOut,
    boxOffice: createBoxOffice({
      db,
      plans,
      followUps: (decision) => listFollowUps(queues, decision),
      onCommit: (plan, decision, ms) => tellCommit({ changes, metrics, soldOut }, plan, decision, ms),
      maxAtOnce: showsAtOnce,
    }),
    sessions: createSessions(db, { days: sessionDays, changes }),
    passwords: createPasswords(),
    payments: { providers: new Map([[sandbox.name, sandbox]]), underWay: new Map() },
    mailer: settings.mailer ?? noMailer,
    now: () => new Date(),
    holdSeconds,
    metrics,
    log,
  };
}

const noMailer: Mailer = {
  send: async () => {
    throw new Error('this process sends no mail');
  },
};

/** Tells of a batch that is committed: who keeps copies of the show, who counts, and the gate in front of it. */
function tellCommit(
  { changes, metrics, soldOut }: Pick<Services, 'changes' | 'metrics' | 'soldOut'>,
  plan: ShowPlan,
  { eventId, category, changes: made, answers }: Decision,
  ms: number,
): void {
  metrics.batch(answers.length, ms);
  countChanges(metrics, category, made);
  if (!isEmpty(made)) changes.tell({ kind: 'show', showId: plan.showId, eventId });
  if (answers.some((answer) => 'problem' in answer && FULL.has(answer.problem.code))) soldOut.consider(plan);
}

const FULL: ReadonlySet<ProblemCode> = new Set(['sold_out', 'seat_taken']);

/** What a batch leads to afterwards: at most one job per kind, in its own transaction. */
async function listFollowUps(queues: Pick<JobQueues, 'prepare'>, decision: Decision): Promise<CompiledQuery[]> {
  const { changes, eventId } = decision;
  const jobs: Promise<CompiledQuery>[] = [];
  if (changes.soldOutChanged) jobs.push(queues.prepare('refresh-listings', { eventIds: [eventId] }));
  const refundIds = changes.newPayments
    .filter(({ payment }) => payment.kind === 'refund')
    .map(({ payment }) => payment.id);
  if (refundIds.length > 0) jobs.push(queues.prepare('make-refunds', { refundIds }));
  const confirmed = changes.history.filter((entry) => CONFIRMING.has(entry.type));
  const bookingIds = [...new Set(confirmed.map((entry) => entry.bookingId))];
  if (bookingIds.length > 0) jobs.push(queues.prepare('send-confirmations', { bookingIds }));
  return await Promise.all(jobs);
}

const CONFIRMING: ReadonlySet<HistoryType> = new Set(['booked', 'confirmed', 'claimed_again']);
