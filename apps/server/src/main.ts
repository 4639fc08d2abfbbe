import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { buildApp } from './app.ts';
import { bannerOf } from './banner.ts';
import { startDatabase } from './database.ts';
import { createLog } from './log.ts';
import { openOffice } from './office.ts';
import { createProgress } from './progress.ts';
import { readSettings, type Settings, SettingsError } from './settings.ts';

/** What is under way when we are told to stop gets this long. */
const DRAIN_MS = 8000;
/** Then the process ends, whatever hangs. */
const STOP_MS = 10_000;

/** Starts everything, serves until told to stop, and closes everything in the opposite order. */
async function run(settings: Settings, log: Logger): Promise<void> {
  const stopping = new AbortController();
  listenForSignals(stopping, log);
  await using opened = new AsyncDisposableStack();
  const progress = createProgress(process.stdout);

  const database = await progress.step('Start Postgres', () => startDatabase(settings));
  opened.defer(() => database.stop());
  const office = await openOffice(settings, database, log, progress);
  opened.defer(() => office.close());
  const app = await buildApp(office.services, {
    publicUrl: settings.publicUrl,
    corsOrigins: settings.corsOrigins,
    log,
    isStopping: () => stopping.signal.aborted,
  });
  opened.defer(() => closeApp(app, log));
  stopping.signal.throwIfAborted();
  const url = await listen(app, settings);
  process.stdout.write(bannerOf({ url, settings, firstAdmin: office.firstAdmin, embedded: database.embedded }));

  const reason = await Promise.race([
    database.failed,
    new Promise<null>((resolve) => stopping.signal.addEventListener('abort', () => resolve(null))),
  ]);
  if (reason !== null) throw new Error(`Postgres ended: ${reason}`);
  log.info({}, 'stopping: what is under way is finished first');
}

function listenForSignals(stopping: AbortController, log: Logger): void {
  const stop = (signal: string) => {
    // Asked twice means now. The embedded Postgres notices by itself that we are gone.
    if (stopping.signal.aborted) process.exit(1);
    stopping.abort(new Error(`${signal} during the start`));
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
    if (code === 'EACCES') throw new Error(`This user may not listen on port ${port}. Set PORT to a number above 1023.`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') throw new Error(`HOST ${host} is no address of this machine.`);
    throw error;
  }
}

async function closeApp(app: FastifyInstance, log: Logger): Promise<void> {
  const drained = app.close().then(() => true);
  const late = sleep(DRAIN_MS, false, { ref: false });
  if (!(await Promise.race([drained, late]))) {
    log.warn({}, `some requests took longer than ${DRAIN_MS / 1000} s; their connections are closed`);
    app.server.closeAllConnections();
  }
}

/** A sentence for the operator; the stack only for what nobody foresaw. */
function explain(error: unknown): string {
  if (error instanceof SettingsError) return `The settings do not fit:\n  ${error.message.replaceAll('\n', '\n  ')}`;
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(explain).join('\n');
  return error instanceof Error ? error.message || String(error) : String(error);
}

try {
  const settings = readSettings(process.env);
  const log = createLog(settings.logLevel, process.stdout.isTTY === true);
  await run(settings, log);
  process.exit(0);
} catch (error) {
  process.stderr.write(`\nEvently did not start, or ended.\n${explain(error)}\n`);
  process.exit(1);
}
