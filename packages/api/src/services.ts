import type { Db } from '@evently/db/client';
import type { JobQueues } from '@evently/jobs/queues';
import { createPasswords } from './auth/passwords.ts';
import { createSessions } from './auth/sessions.ts';
import { createShowPlans } from './box-office/plans.ts';
import { createBoxOffice } from './box-office/queue.ts';
import type { AfterWrite } from './box-office/run-batch.ts';
import type { Logger, Services } from './context.ts';
import { createSeatLayouts } from './venues/seat-layouts.ts';

export interface ServicesSettings {
  db: Db;
  queues: Pick<JobQueues, 'enqueue'>;
  log: Logger;
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
  const afterWrite: AfterWrite = async (trx, _plan, { changes, eventId }) => {
    if (changes.soldOutChanged) await queues.enqueue(trx, 'refresh-listings', { eventIds: [eventId] });
  };
  return {
    db,
    layouts,
    plans,
    boxOffice: createBoxOffice({ db, plans, afterWrite, maxAtOnce: showsAtOnce }),
    sessions: createSessions(db, { days: sessionDays }),
    passwords: createPasswords(),
    now: () => new Date(),
    holdSeconds,
    log,
  };
}
