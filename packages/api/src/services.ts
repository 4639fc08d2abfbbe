import { randomBytes } from 'node:crypto';
import type { Db } from '@evently/db/client';
import type { JobName, JobPayload } from '@evently/jobs/jobs';
import type { JobQueues } from '@evently/jobs/queues';
import type { CompiledQuery } from 'kysely';
import { createPasswords } from './auth/passwords.ts';
import { createSessions } from './auth/sessions.ts';
import { createAlternatives } from './best-seats/alternatives.ts';
import { createShowTerms } from './best-seats/show-terms.ts';
import { createBookingPlaces } from './bookings/ask.ts';
import { followUpsOf } from './box-office/follow-ups.ts';
import type { Decision } from './box-office/inventory.ts';
import { createShowPlans } from './box-office/plans.ts';
import { createBoxOffice } from './box-office/queue.ts';
import type { Committed } from './box-office/run-batch.ts';
import { createSoldOutGate } from './box-office/sold-out-gate.ts';
import { isEmpty } from './box-office/write.ts';
import { createChanges } from './changes.ts';
import type { Logger, Services } from './context.ts';
import { type Limits, noLimits } from './limits/limits.ts';
import { deltaOf } from './live/seat-delta.ts';
import { createSeatMaps } from './live/seat-maps.ts';
import { noSeatLocks, type SeatLocks } from './locks.ts';
import { countChanges, type Metrics, noMetrics } from './metrics.ts';
import type { Mailer } from './notifications/mailer.ts';
import { createSandbox } from './payments/sandbox.ts';
import type { ProblemCode } from './problem.ts';
import type { Replica } from './read-db/follow-replica.ts';
import { createReadDb } from './read-db.ts';
import { indexSeats } from './shows/seats.ts';
import { createSeatLayouts } from './venues/seat-layouts.ts';
import { createWaitingRoom, type WaitingRoomSettings } from './waiting-room/waiting-room.ts';

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
  /** What tokens are signed with; absent: something that no other process knows. */
  secret?: string;
  waitingRoom?: Pick<WaitingRoomSettings, 'redis' | 'threshold' | 'rate' | 'now'>;
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
  const { secret = randomBytes(32).toString('base64url') } = settings;
  const waitingRoom = createWaitingRoom({ db, changes, metrics, log, secret, ...settings.waitingRoom });
  const seatMaps = createSeatMaps({ db, plans, changes });
  const terms = createShowTerms({ readDb, changes });
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
    waitingRoom,
    seatMaps,
    terms,
    alternatives: createAlternatives({ plans, seatMaps, terms }),
    boxOffice: createBoxOffice({
      db,
      plans,
      followUps: (decision) => listFollowUps(queues, decision),
      onCommit: (committed) => tellCommit({ changes, metrics, soldOut, waitingRoom }, committed),
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
  { changes, metrics, soldOut, waitingRoom }: Pick<Services, 'changes' | 'metrics' | 'soldOut' | 'waitingRoom'>,
  { plan, decision, before, ms }: Committed,
): void {
  const { eventId, category, changes: made, answers } = decision;
  metrics.batch(answers.length, ms);
  countChanges(metrics, category, made);
  waitingRoom.tellCommit(plan.showId, made);
  if (!isEmpty(made)) {
    const delta = deltaOf(made, before, (seatId) => indexSeats(plan).get(seatId));
    changes.tell({ kind: 'show', showId: plan.showId, eventId, ...(delta && { deltas: [delta] }) });
  }
  if (answers.some((answer) => 'problem' in answer && FULL.has(answer.problem.code))) soldOut.consider(plan);
}

const FULL: ReadonlySet<ProblemCode> = new Set(['sold_out', 'seat_taken']);

/** The jobs that a batch leads to, as statements of its own transaction. */
async function listFollowUps(queues: Pick<JobQueues, 'prepare'>, decision: Decision): Promise<CompiledQuery[]> {
  const prepare = <N extends JobName>({ name, payload }: { name: N; payload: JobPayload<N> }) =>
    queues.prepare(name, payload);
  return await Promise.all(followUpsOf(decision).map((job) => prepare(job)));
}
