import { inTime } from '@evently/api/in-time';
import type { BreakerState } from '@evently/api/locks/breaker';
import { type Db, poolUseOf } from '@evently/db/client';
import type { QueueLength } from '@evently/jobs/queue-lengths';
import { Gauge, type Registry } from '@prometheus-io/client';

/** What is looked at when somebody asks for it, instead of being told of. */
export interface Watched {
  /** Handles on the database, by what they are for. */
  pools: Record<string, Db>;
  /** Requests that wait in box offices. Absent in a process that has none. */
  countWaiting?: () => number;
  seatLocks?: () => BreakerState | 'off';
  listQueueLengths?: () => Promise<QueueLength[]>;
  /** For how long the replica may have missed something, in seconds; infinite when it is away. Absent: there is none. */
  replicaAgeSeconds?: () => number;
  countConnections?: () => number;
  /** Who waits in waiting rooms, as far as this process knows. */
  countQueued?: () => number;
  /** Connections that watch a show, and how many shows that are. */
  countWatchers?: () => number;
  countWatchedShows?: () => number;
}

/** The lengths of queues are counted no more often than this, however often somebody asks. */
const COUNT_JOBS_EVERY_MS = 5000;
/** A database that does not answer takes its own numbers away, and no others. */
const PATIENCE_MS = 1000;

/** Makes gauges of what is watched. May be called more than once, with different things to watch. */
export function watch(registry: Registry, watched: Partial<Watched>): void {
  const registers = [registry];
  if (watched.pools) watchPools(registers, watched.pools);
  if (watched.seatLocks) watchSeatLocks(registers, watched.seatLocks);
  if (watched.listQueueLengths) watchJobs(registers, watched.listQueueLengths);
  sample(
    registers,
    'evently_box_office_waiting',
    'Requests that wait for a batch of their show.',
    watched.countWaiting,
  );
  sample(registers, 'evently_http_connections', 'Connections that are open.', watched.countConnections);
  const queued =
    'People in waiting rooms, as far as this process knows; those that share a Redis know of the same ones.';
  sample(registers, 'evently_waiting_room_queued', queued, watched.countQueued);
  sample(registers, 'evently_watchers', 'Connections that watch a show.', watched.countWatchers);
  sample(registers, 'evently_watched_shows', 'Shows that are followed for those who watch.', watched.countWatchedShows);
  const help = 'For how long the replica may have missed something, in seconds; only a fresh one is read from.';
  sample(registers, 'evently_replica_age_seconds', help, watched.replicaAgeSeconds);
}

function sample(registers: Registry[], name: string, help: string, read: (() => number) | undefined): void {
  if (!read) return;
  new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read());
    },
  });
}

function watchPools(registers: Registry[], pools: Record<string, Db>): void {
  const connections = new Gauge({
    name: 'evently_database_connections',
    help: 'Connections to the database that are open, by what they are for.',
    labelNames: ['pool', 'state'],
    registers,
    // Sets the others, too, which are printed after this one.
    collect() {
      for (const [pool, db] of Object.entries(pools)) {
        const use = poolUseOf(db);
        if (!use) continue;
        connections.set({ pool, state: 'idle' }, use.idle);
        connections.set({ pool, state: 'busy' }, use.open - use.idle);
        limit.set({ pool }, use.size);
        waiting.set({ pool }, use.waiting);
      }
    },
  });
  const limit = new Gauge({
    name: 'evently_database_connections_limit',
    help: 'At most this many connections are opened.',
    labelNames: ['pool'],
    registers,
  });
  const waiting = new Gauge({
    name: 'evently_database_waiting',
    help: 'Work that waits for a connection to the database.',
    labelNames: ['pool'],
    registers,
  });
}

const BREAKER_STATES = ['off', 'closed', 'half-open', 'open'] as const;

function watchSeatLocks(registers: Registry[], state: () => BreakerState | 'off'): void {
  new Gauge({
    name: 'evently_seat_locks_state',
    help: '1 for the state that the seat locks are in. off: there is no Redis; closed: locks are taken; open: Redis is away.',
    labelNames: ['state'],
    registers,
    collect() {
      const now = state();
      for (const each of BREAKER_STATES) this.set({ state: each }, each === now ? 1 : 0);
    },
  });
}

function watchJobs(registers: Registry[], list: () => Promise<QueueLength[]>): void {
  let lengths: Promise<QueueLength[]> = Promise.resolve([]);
  let countedAt = Number.NEGATIVE_INFINITY;
  const listLately = () => {
    const now = performance.now();
    if (now - countedAt >= COUNT_JOBS_EVERY_MS) {
      countedAt = now;
      lengths = list().catch(() => []);
    }
    return inTime(lengths, PATIENCE_MS).catch(() => []);
  };
  const watchLength = (name: string, help: string, read: (length: QueueLength) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['job'],
      registers,
      async collect() {
        const found = await listLately();
        this.reset();
        for (const length of found) this.set({ job: length.name }, read(length));
      },
    });
  watchLength('evently_jobs_waiting', 'Jobs that are due and that nobody has begun.', ({ waiting }) => waiting);
  watchLength(
    'evently_jobs_longest_wait_seconds',
    'For how long the job that has waited longest is due.',
    ({ longestWaitSeconds }) => longestWaitSeconds,
  );
}
