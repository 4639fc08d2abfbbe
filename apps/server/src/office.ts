import path from 'node:path';
import { ensureFirstAdmin, type FirstAdmin, hasAdmin } from '@evently/api/auth/first-admin';
import { createScriptContext, type Services } from '@evently/api/context';
import { createJobHandlers } from '@evently/api/job-handlers';
import { createSeatLocks, noSeatLocks, type SeatLocks } from '@evently/api/locks';
import { createOutbox } from '@evently/api/notifications/mailer';
import { createRedis } from '@evently/api/redis-connection';
import { createCaller } from '@evently/api/router';
import { seedSampleData } from '@evently/api/sample-data/seed';
import { createServices } from '@evently/api/services';
import { createDatabase } from '@evently/db/client';
import { migrate } from '@evently/db/migrate';
import { openJobQueues } from '@evently/jobs/queues';
import { startWorker } from '@evently/jobs/worker';
import type { Logger } from 'pino';
import { type DatabaseServer, openForLongWork } from './database.ts';
import type { Progress } from './progress.ts';
import { type RedisServer, startRedis } from './redis.ts';
import type { Settings } from './settings.ts';

/** All that a process needs behind its door: services, jobs, and somebody who may sign in. */
export interface Office {
  services: Services;
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

/**
 * Migrates, opens the services and, in a server, starts the jobs; a command only enqueues them. What was opened is closed
 * again when a later step fails.
 */
export async function openOffice(
  settings: Settings,
  server: DatabaseServer,
  log: Logger,
  progress: Progress,
  role: 'server' | 'command' = 'server',
): Promise<Office> {
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
    openJobQueues({ url: server.directUrl, poolSize: JOB_CONNECTIONS, works: role === 'server', onError: jobFailed }),
  );
  opened.defer(() => queues.stop(JOB_PATIENCE_MS));
  // A command makes no rush.
  const redis = role === 'server' ? await progress.step('Look for Redis', () => startRedis(settings)) : null;
  const { locks, pingRedis } = openLocks(redis, opened, log);
  const services = createServices({
    db,
    queues,
    log,
    locks,
    mailer: createOutbox(path.join(settings.dataDir, 'outbox'), settings.mailFrom),
    sessionDays: settings.sessionDays,
    holdSeconds: settings.holdSeconds,
    // Reads find a connection even while as many shows as possible are being sold.
    showsAtOnce: Math.max(1, Math.floor(settings.databasePoolSize * 0.6)),
  });
  opened.defer(() => services.boxOffice.drain());
  if (role === 'server') {
    const worker = await startWorker(queues, createJobHandlers(services), {
      onError: jobFailed,
      everySeconds: { 'sweep-holds': settings.sweepSeconds },
    });
    opened.defer(() => worker.stop());
  }
  // Last, since a password that it makes up is lost when a step after it fails.
  const { adminEmail: email, adminPassword: password } = settings;
  const firstAdmin = await ensureFirstAdmin(db, services.passwords, { email, password });
  if (!(await hasAdmin(db))) {
    log.warn({}, `there is no admin: ${email} is an ordinary account; make one with pnpm evently admin create`);
  }

  const toClose = opened.move();
  return { services, firstAdmin, redis: redis?.note ?? null, pingRedis, close: () => toClose.disposeAsync() };
}

/** Seat locks in the Redis that there is, if there is one. */
function openLocks(
  server: RedisServer | null,
  opened: AsyncDisposableStack,
  log: Logger,
): { locks: SeatLocks; pingRedis: Office['pingRedis'] } {
  if (server) opened.defer(() => server.stop());
  if (!server || server.url === null) return { locks: noSeatLocks, pingRedis: null };
  const { redis, close } = createRedis({ url: server.url, log });
  opened.defer(close);
  const locks = createSeatLocks({ redis, log });
  opened.defer(() => locks.drain());
  return { locks, pingRedis: () => redis.ping() };
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
