import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { buildApp } from './app.ts';
import { bannerOf, firstAdminLines } from './banner.ts';
import { closeApp } from './close-app.ts';
import { checkRole, startDatabase } from './database.ts';
import { explain } from './explain.ts';
import { createLog } from './log.ts';
import { countConnections, registerMetrics } from './metrics/register-metrics.ts';
import { isNew, type Office, openOffice, seedSamples } from './office.ts';
import { createProgress } from './progress.ts';
import { readSettings, type Settings } from './settings.ts';
import { createWatchers } from './watchers.ts';
import { buildWorkerApp } from './worker-app.ts';

/** What is under way when we are told to stop gets this long. */
const DRAIN_MS = 8000;
/** Then the process ends, whatever hangs. */
const STOP_MS = 10_000;

/** Starts everything, serves until told to stop, and closes everything in the opposite order. */
async function run(settings: Settings, log: Logger, stopping: AbortSignal): Promise<void> {
  const told = new Promise<null>((resolve) => stopping.addEventListener('abort', () => resolve(null)));
  await using opened = new AsyncDisposableStack();
  const progress = createProgress(process.stdout, stopping);

  checkRole(settings);
  const database = await progress.step('Start Postgres', () => startDatabase(settings));
  opened.defer(() => database.stop());
  const office = await openOffice(settings, database, log, progress);
  opened.defer(() => office.close());
  const { services, firstAdmin } = office;
  // A password that was made up is known only now: a start that ends before the banner must not take it along.
  const showAdmin = () => void process.stdout.write(firstAdminLines(firstAdmin));
  process.once('exit', showAdmin);
  if (settings.demo && settings.role !== 'worker' && (await isNew(services))) {
    await progress.step('Make sample events', (report) => seedSamples(services, report));
  }
  const app = await buildDoor(office, settings, log, () => stopping.aborted);
  opened.defer(() => closeApp(app, DRAIN_MS, log));
  stopping.throwIfAborted();
  const url = await listen(app, settings);
  process.off('exit', showAdmin);
  process.stdout.write(bannerOf({ url, settings, firstAdmin, embedded: database.embedded, redis: office.redis }));

  const reason = await Promise.race([database.failed, told]);
  if (reason !== null) throw new Error(`Postgres ended: ${reason}`);
  log.info({}, 'stopping: what is under way is finished first');
}

/** What answers on the port: the API, or no more than health; and metrics. */
async function buildDoor(
  { services, metrics, sharedCache, pingRedis }: Office,
  settings: Settings,
  log: Logger,
  isStopping: () => boolean,
): Promise<FastifyInstance> {
  const { role, publicUrl, corsOrigins, trustProxy } = settings;
  const watchers = createWatchers({
    most: settings.maxWatchers,
    mostPerAddress: settings.rateLimit === 'on' ? settings.maxWatchersPerAddress : Number.POSITIVE_INFINITY,
  });
  const app =
    role === 'worker'
      ? buildWorkerApp({ db: services.db, log, isStopping })
      : await buildApp(services, {
          publicUrl,
          corsOrigins,
          trustProxy,
          sharedCache,
          watchers,
          log,
          pingRedis,
          isStopping,
        });
  metrics.watch({ countConnections: countConnections(app), countWatchers: watchers.count });
  registerMetrics(app, metrics);
  return app;
}

function listenForSignals(stopping: AbortController, log: Logger): void {
  const stop = (signal: string) => {
    // Asked twice means now. The embedded Postgres notices by itself that we are gone.
    if (stopping.signal.aborted) process.exit(1);
    stopping.abort(new Error(`${signal} came before it was open.`));
    setTimeout(() => {
      log.error({}, `not everything stopped within ${STOP_MS / 1000} s; ending all the same`);
      process.exit(1);
    }, STOP_MS).unref();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function listen(app: FastifyInstance, { host, port }: Settings): Promise<string> {
  try {
    const address = await app.listen({ host, port });
    return address.replace('[::1]', 'localhost');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') {
      throw new Error(`Another program listens on port ${port} already. Stop it, or set PORT to another number.`);
    }
    if (code === 'EACCES')
      throw new Error(`This user may not listen on port ${port}. Set PORT to a number above 1023.`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new Error(`HOST ${host} is no address of this machine.`);
    throw error;
  }
}

const stopping = new AbortController();
try {
  const settings = readSettings();
  const log = createLog(settings.logLevel, process.stdout.isTTY === true);
  listenForSignals(stopping, log);
  await run(settings, log, stopping.signal);
} catch (error) {
  // To be told to stop is no failure, however early.
  const wasTold = stopping.signal.aborted && error === stopping.signal.reason;
  process.stderr.write(`\nEvently ${wasTold ? 'stopped' : 'did not start, or ended'}.\n${explain(error)}\n`);
  process.exitCode = wasTold ? 0 : 1;
}
process.exit();
