import path from 'node:path';
import { ensureFirstAdmin, type FirstAdmin, hasAdmin } from '@evently/api/auth/first-admin';
import { createScriptContext, type Services } from '@evently/api/context';
import { createJobHandlers } from '@evently/api/job-handlers';
import { noLimits } from '@evently/api/limits/limits';
import { createOutbox } from '@evently/api/notifications/mailer';
import type { Replica } from '@evently/api/read-db/follow-replica';
import { createCaller } from '@evently/api/router';
import { seedSampleData } from '@evently/api/sample-data/seed';
import { createServices } from '@evently/api/services';
import type { SharedCache } from '@evently/api/shared-cache';
import { createDatabase } from '@evently/db/client';
import { migrate } from '@evently/db/migrate';
import { listQueueLengths } from '@evently/jobs/queue-lengths';
import { type JobQueues, openJobQueues } from '@evently/jobs/queues';
import { startWorker } from '@evently/jobs/worker';
import type { Logger } from 'pino';
import { type DatabaseServer, openForLongWork } from './database.ts';
import { createMetrics, type ProcessMetrics } from './metrics/create-metrics.ts';
import { measureJobs } from './metrics/measure-jobs.ts';
import type { Progress } from './progress.ts';
import { startRedis } from './redis.ts';
import { openLimits, openLocks, openSharing, openWaitingRooms, type RedisSurroundings } from './redis-uses.ts';
import { findSecret } from './secret.ts';
import type { Settings } from './settings.ts';

/** All that a process needs behind its door: services, jobs, and somebody who may sign in. */
export interface Office {
  services: Services;
  metrics: ProcessMetrics;
  sharedCache: SharedCache;
  /** Set when this start made the first admin. */
  firstAdmin: FirstAdmin | null;
  /** Which Redis is used, and why, in a sentence; null in a command. */
  redis: string | null;
  pingRedis: (() => Promise<unknown>) | null;
  /** Finishes what is under way, and closes every connection. */
  close: () => Promise<void>;
}

const JOB_CONNECTIONS = 3;
const JOB_PATIENCE_MS = 3000;

/** What a process is there for: a server does what its ROLE says, a command enqueues jobs and leaves them to servers. */
export type Purpose = 'server' | 'command';

/**
 * Migrates, opens the services and, in a server that does so, starts to work jobs off. What was opened is closed again when
 * a later step fails.
 */
export async function openOffice(
  settings: Settings,
  server: DatabaseServer,
  log: Logger,
  progress: Progress,
  purpose: Purpose = 'server',
): Promise<Office> {
  const works = purpose === 'server' && settings.role !== 'http';
  const serves = purpose === 'server' && settings.role !== 'worker';
  await using opened = new AsyncDisposableStack();
  await progress.step('Bring the database up to date', () => migrateServer(server));

  let closing = false;
  const lost = (error: Error) => {
    // The pool calls itself closed while its connections still say goodbye, and Postgres may cut them short.
    if (!closing) log.warn({ err: error }, 'a database connection was lost');
  };
  const db = createDatabase({ url: server.url, poolSize: settings.databasePoolSize, onConnectionLost: lost });
  opened.defer(() => {
    closing = true;
    return db.destroy();
  });
  const jobFailed = (error: Error) => log.error({ err: error }, 'the job queues reported a failure');
  const queues = await progress.step('Open the job queues', () =>
    openJobQueues({ url: server.directUrl, poolSize: JOB_CONNECTIONS, works, onError: jobFailed }),
  );
  opened.defer(() => queues.stop(JOB_PATIENCE_MS));
  const metrics = createMetrics(purpose === 'server' ? 'with-process' : 'alone');
  // Neither a command nor a worker makes a rush; but a worker that shares a Redis tells the others what it changed.
  const redis =
    serves || (works && settings.redisUrl !== null)
      ? await progress.step('Look for Redis', () => startRedis(settings))
      : null;
  const around: RedisSurroundings = { server: redis, opened, log };
  const { locks, pingRedis } = openLocks(around, metrics.record);
  const limits = serves ? openLimits(around, settings) : noLimits;
  const services = createServices({
    db,
    metrics: metrics.record,
    ...(serves ? replicaOf(settings, server, lost) : {}),
    queues,
    log,
    locks,
    limits,
    mailer: createOutbox(path.join(settings.dataDir, 'outbox'), settings.mailFrom),
    sessionDays: settings.sessionDays,
    holdSeconds: settings.holdSeconds,
    secret: await findSecret(settings),
    waitingRoom: {
      redis: openWaitingRooms(around),
      threshold: settings.waitingRoomThreshold,
      rate: settings.waitingRoomRate,
    },
    // Reads find a connection even while as many shows as possible are being sold.
    showsAtOnce: Math.max(1, Math.floor(settings.databasePoolSize * 0.6)),
  });
  opened.defer(() => services.readDb.close());
  opened.defer(() => services.waitingRoom.close());
  opened.defer(() => services.boxOffice.drain());
  opened.defer(() => services.seatMaps.close());
  const sharedCache = openSharing(around, services, settings);
  metrics.watchCaches({ sessions: services.sessions.stats, shared: sharedCache.stats });
  watchOffice(metrics, services, queues, serves && settings.databaseReadUrl !== null);
  if (works) {
    const worker = await startWorker(queues, measureJobs(createJobHandlers(services), metrics.record), {
      onError: jobFailed,
      everySeconds: { 'sweep-holds': settings.sweepSeconds },
    });
    opened.defer(() => worker.stop());
  }
  // Last, since a password that it makes up is lost when a step after it fails.
  const { adminEmail: email, adminPassword: password } = settings;
  // A worker opens no door that anybody could sign in at.
  const makesAdmin = serves || purpose === 'command';
  const firstAdmin = makesAdmin ? await ensureFirstAdmin(db, services.passwords, { email, password }) : null;
  if (makesAdmin && !(await hasAdmin(db))) {
    log.warn({}, `there is no admin: ${email} is an ordinary account; make one with pnpm evently admin create`);
  }

  const toClose = opened.move();
  const close = () => toClose.disposeAsync();
  return { services, metrics, sharedCache, firstAdmin, redis: redis?.note ?? null, pingRedis, close };
}

/** How to reach the replica that the settings name, if they name one. */
function replicaOf(
  { databaseReadUrl: url, databasePoolSize: poolSize }: Settings,
  server: DatabaseServer,
  onConnectionLost: (error: Error) => void,
): { replica?: Replica } {
  if (url === null) return {};
  return {
    replica: {
      open: () => createDatabase({ url, poolSize, onConnectionLost }),
      openPrimary: () => createDatabase({ url: server.url, poolSize: 1, onConnectionLost }),
    },
  };
}

function watchOffice(metrics: ProcessMetrics, services: Services, queues: JobQueues, hasReplica: boolean): void {
  const { db, locks, readDb, boxOffice, seatMaps, waitingRoom } = services;
  metrics.watch({
    pools: { requests: db },
    seatLocks: locks.state,
    countWaiting: boxOffice.waiting,
    countQueued: waitingRoom.countWaiting,
    countWatchedShows: seatMaps.countWatched,
    listQueueLengths: () => listQueueLengths(queues),
    ...(hasReplica ? { replicaAgeSeconds: () => readDb.ageMs() / 1000 } : {}),
  });
}

export async function migrateServer(server: DatabaseServer): Promise<string[]> {
  const db = openForLongWork(server);
  try {
    return await migrate(db);
  } finally {
    await db.destroy();
  }
}

/** Whether nobody has made an event yet. */
export async function isNew({ db }: Services): Promise<boolean> {
  return (await db.selectFrom('events').select('id').limit(1).executeTakeFirst()) === undefined;
}

/** Makes the sample events as the first admin there is. */
export async function seedSamples(
  services: Services,
  report: (done: number, total: number) => void,
): Promise<{ venues: number; events: number; shows: number }> {
  const admin = await services.db
    .selectFrom('users')
    .select(['id', 'email', 'name'])
    .where('role', '=', 'admin')
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirstOrThrow();
  const { id: userId, email, name } = admin;
  const caller = createCaller(createScriptContext(services, { userId, email, name, role: 'admin' }));
  return await seedSampleData(caller, { now: services.now(), onProgress: report });
}
