/**
 * The parent of Postgres: a process of its own whose standard input is a pipe from the one who wants Postgres. When that
 * one is gone, by whatever way, the pipe ends, and the guard shuts Postgres down. Nothing else moves it: it has its own
 * session, and it ignores the signals that a terminal or a shell sends, so that Postgres outlives a server that drains.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Binaries, findBinaries, reachableBinaries } from './binaries.ts';
import { ensurePassword, prepareCluster } from './cluster.ts';
import type { GuardMessage, GuardOrder } from './guard-messages.ts';
import { clearLeftover } from './leftover.ts';
import { lockCluster } from './lock.ts';
import { messageOf, type Place, placeCluster, socketFolder } from './place.ts';
import { type Postmaster, startPostmaster } from './postmaster.ts';
import { openServerLog, type ServerLog } from './server-log.ts';
import { connectionUrl, type Endpoint, findFreePort, fitsSocket, serverArguments } from './server-settings.ts';

/** Ten seconds in all. */
const START_ATTEMPTS = 20;
const START_PAUSE_MS = 500;

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const) process.on(name, () => {});

const ownerGone = new AbortController();
for (const event of ['end', 'error', 'close']) process.stdin.on(event, () => ownerGone.abort());
process.stdin.resume();
// Reports to an owner that is gone are lost, and nobody misses them.
process.stdout.on('error', () => {});

function report(message: GuardMessage): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${JSON.stringify(message)}\n`, () => resolve()));
}

async function guard(order: GuardOrder, signal: AbortSignal): Promise<void> {
  const packaged = findBinaries();
  const place = placeCluster(order.directory);
  const lock = await lockCluster(place.directory, order.ownerPid, signal);
  signal.addEventListener('abort', () => lock.announceStop());
  const binaries = reachableBinaries(packaged, place.user);
  await clearLeftover(place, binaries);
  await prepareCluster(place, binaries, signal);
  const log = openServerLog(path.join(place.directory, 'postgres.log'));
  const { postmaster, endpoint } = await start(place, binaries, order, log, signal);
  const port = endpoint.kind === 'tcp' ? endpoint.port : null;
  await report({ type: 'ready', url: connectionUrl(endpoint), directory: place.directory, port, pid: postmaster.pid });

  const reason = await Promise.race([postmaster.ended, aborted(signal)]);
  if (signal.aborted) await postmaster.stop();
  if (signal.aborted) await report({ type: 'ended', asked: true, reason: 'Postgres was stopped.' });
  else await report({ type: 'ended', asked: false, reason: `${reason}; its log is ${log.file}.` });
}

async function start(
  place: Place,
  binaries: Binaries,
  order: GuardOrder,
  log: ServerLog,
  signal: AbortSignal,
): Promise<{ postmaster: Postmaster; endpoint: Endpoint }> {
  const password = fitsSocket(place) ? undefined : await ensurePassword(place, binaries, signal);
  for (let attempt = 1; ; attempt += 1) {
    const endpoint: Endpoint =
      password === undefined
        ? { kind: 'socket', folder: socketFolder(place) }
        : { kind: 'tcp', port: await findFreePort(), password };
    const args = serverArguments(place, endpoint, order.settings);
    const started = await startPostmaster(place, binaries, args, log, signal);
    if ('pid' in started) return { postmaster: started, endpoint };
    if (!started.mayPass || attempt === START_ATTEMPTS) {
      throw new Error(
        `The embedded Postgres in ${place.directory} did not start: ${started.refusal}; its log is ${log.file}.`,
      );
    }
    await sleep(START_PAUSE_MS, undefined, { signal });
  }
}

function aborted(signal: AbortSignal): Promise<string> {
  if (signal.aborted) return Promise.resolve('');
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve('')));
}

/** What went wrong as a sentence; the system's own errors get one around them. */
function explain(error: unknown, order: GuardOrder): string {
  const isSystemError = error instanceof Error && 'syscall' in error;
  return isSystemError
    ? `The embedded Postgres cannot be started in ${order.directory}: ${error.message}.`
    : messageOf(error);
}

const order = JSON.parse(process.argv[2] ?? '') as GuardOrder;
try {
  await guard(order, ownerGone.signal);
} catch (error) {
  await report({ type: 'failed', message: explain(error, order) });
}
process.exit();
