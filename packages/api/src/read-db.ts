import type { Db } from '@evently/db/client';
import { isTransient } from '@evently/db/transaction';
import type { Changes } from './changes.ts';
import type { Logger } from './context.ts';
import { inTime, LateError } from './in-time.ts';
import type { Metrics } from './metrics.ts';
import { ProblemError } from './problem.ts';
import { followReplica, type Replica } from './read-db/follow-replica.ts';
import { createFreshness } from './read-db/freshness.ts';

/** What lists and searches of events answer, as a thing that a read is about. */
export const LISTINGS = 'listings';

/** Where reads go that need not see the primary's very last moment. */
export interface ReadDb {
  /**
   * Reads where it costs the sale least: on a replica that is known to have all that was committed until half a second
   * ago and everything that this process changed or heard of in what the read is about; or else on the primary. A replica
   * that fails in the middle is made up for by the primary.
   *
   * @param about the id of the show or event that the answer tells of, or LISTINGS
   * @param work only reads; may run twice, once on each
   */
  read<T>(about: string, work: (db: Db) => Promise<T>): Promise<T>;
  /** The same for reports, which may lack the last seconds, also of what this process did. */
  report<T>(work: (db: Db) => Promise<T>): Promise<T>;
  /** For how long the replica may have missed something, in milliseconds; infinite without one, or when it is away. */
  ageMs(): number;
  close(): Promise<void>;
}

export interface ReadDbSettings {
  primary: Db;
  /** Null: there is none. */
  replica: Replica | null;
  changes: Pick<Changes, 'listen'>;
  metrics: Pick<Metrics, 'catalogueRead'>;
  log: Logger;
}

/** With the time that a cache may add, others still follow within a second. */
const MAX_AGE_MS = 500;
const MAX_REPORT_AGE_MS = 10_000;
/** A read that a replica does not answer by then is given to the primary. */
const PATIENCE_MS = 1000;

/** Reads over a primary and, if there is one, a replica. */
export function createReadDb(settings: ReadDbSettings): ReadDb {
  const { primary, replica, changes, metrics, log } = settings;
  const readPrimary = <T>(work: (db: Db) => Promise<T>): Promise<T> => {
    metrics.catalogueRead('primary');
    return work(primary);
  };
  if (replica === null) {
    const read: ReadDb['report'] = (work) => work(primary);
    return {
      read: (_about, work) => read(work),
      report: read,
      ageMs: () => Number.POSITIVE_INFINITY,
      close: async () => {},
    };
  }
  const freshness = createFreshness();
  const follower = followReplica({ ...replica, log, onCaughtUp: (instant) => freshness.caughtUp(instant) });
  const stopListening = changes.listen((change) => {
    const now = performance.now();
    if (change.kind === 'show') freshness.changed([change.showId, change.eventId], now);
    else if (change.kind === 'listings') freshness.changed([LISTINGS], now);
    // All of its shows with it, whose ids are not known here; it is rare enough.
    else if (change.kind === 'event' || change.kind === 'all') freshness.changedAnything(now);
  });

  async function readReplica<T>(work: (db: Db) => Promise<T>): Promise<T> {
    const db = follower.replica();
    if (db === null) return await readPrimary(work);
    try {
      const answer = await inTime(work(db), PATIENCE_MS);
      metrics.catalogueRead('replica');
      return answer;
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      if (error instanceof LateError || isTransient(error)) follower.rest(error instanceof Error ? error.message : '');
      return await readPrimary(work);
    }
  }

  return {
    read: (about, work) =>
      freshness.has(about, MAX_AGE_MS, performance.now()) ? readReplica(work) : readPrimary(work),
    report: (work) => (freshness.ageMs(performance.now()) <= MAX_REPORT_AGE_MS ? readReplica(work) : readPrimary(work)),
    ageMs: () => (follower.replica() === null ? Number.POSITIVE_INFINITY : freshness.ageMs(performance.now())),
    async close() {
      stopListening();
      await follower.stop();
    },
  };
}
