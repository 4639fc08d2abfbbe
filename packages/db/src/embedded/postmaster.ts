import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Binaries, programOf } from './binaries.ts';
import { dataFolder, type Place } from './place.ts';
import { isAlive } from './process-state.ts';
import type { ServerLog } from './server-log.ts';
import { asUser } from './service-user.ts';
import { explainOutput, explainSpawnError, toolEnvironment } from './tool.ts';
import { watchGuard } from './watcher.ts';

/** A running Postgres server. */
export interface Postmaster {
  readonly pid: number;
  /** Resolves, never rejects, with a sentence that says how it ended; its watcher is gone then, too. */
  readonly ended: Promise<string>;
  /** Ends it, by force if need be; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Recovery after a crash replays at most a gigabyte or two; after five minutes something else is wrong. */
const READY_PATIENCE_MS = 300_000;
const READY_LOOK_MS = 4;
/** A backend that outlives its postmaster holds the log's pipe open for longer than anybody wants to wait. */
const LAST_WORDS_MS = 500;

/**
 * How Postgres is asked to end, from polite to final, and how long each is given: a fast shutdown ends the clients and
 * writes everything down; an immediate one leaves that to the recovery of the next start, and after five seconds kills
 * what does not obey.
 */
const STOPS = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 7_000],
  ['SIGKILL', 2_000],
] as const;

/** Why there is no server, and whether another try may succeed. */
export interface Refusal {
  readonly refusal: string;
  readonly mayPass: boolean;
}

/** A TCP port that somebody took in between; backends that notice only after seconds that their postmaster was killed. */
const MAY_PASS = /Address already in use|pre-existing shared memory block .* is still in use/;
const KEPT_OUTPUT = 8_000;

/** Starts the server and waits until it accepts connections, or answers why it does not. */
export async function startPostmaster(
  place: Place,
  binaries: Binaries,
  args: readonly string[],
  log: ServerLog,
  signal: AbortSignal,
): Promise<Postmaster | Refusal> {
  const program = programOf(binaries, 'postgres');
  const child = spawn(program, [...args], {
    cwd: place.directory,
    env: toolEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    windowsHide: true,
    ...asUser(place.user),
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log.write(chunk);
    said = (said + chunk.toString()).slice(-KEPT_OUTPUT);
  });
  const silent = new Promise((resolve) => child.on('close', resolve));
  const exit = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(explainSpawnError(program, error)));
    // Not "close": a backend that outlives its postmaster for a moment holds the log's pipe.
    child.on('exit', (code, by) => resolve(`Postgres ended by itself (${by ?? `code ${code}`})`));
  });
  if (child.pid === undefined) return { refusal: await exit, mayPass: false };
  const { pid } = child;
  const watcher = watchGuard(pid, place);
  let over = false;
  const ended = exit.then(async (reason) => {
    over = true;
    await watcher.dismiss();
    return reason;
  });
  // Through the child's handle: a number that was freed in the meantime never gets a signal.
  const stop = (): Promise<void> => endGently(binaries, pid, (name) => child.kill(name), ended);
  const deadline = performance.now() + READY_PATIENCE_MS;
  while (readStatus(place, pid) !== 'ready') {
    if (over) {
      // Its last words may still be in the pipe when its end is known.
      await Promise.race([silent, sleep(LAST_WORDS_MS)]);
      return { refusal: explainOutput(said), mayPass: MAY_PASS.test(said) };
    }
    if (signal.aborted || performance.now() > deadline) {
      await stop();
      signal.throwIfAborted();
      return { refusal: `it was not ready after ${READY_PATIENCE_MS / 60_000} minutes`, mayPass: false };
    }
    await sleep(READY_LOOK_MS);
  }
  return { pid, ended, stop };
}

/** Ends a server that is not our child; answers whether it is gone. */
export async function stopStrange(pid: number, binaries: Binaries): Promise<boolean> {
  const over = new AbortController();
  const ended = waitUntilGone(pid, over.signal);
  await endGently(binaries, pid, (name) => isAlive(pid) && process.kill(pid, name), ended);
  over.abort();
  return !isAlive(pid);
}

async function waitUntilGone(pid: number, signal: AbortSignal): Promise<void> {
  while (isAlive(pid) && !signal.aborted) await sleep(10);
}

async function endGently(
  binaries: Binaries,
  pid: number,
  kill: (name: NodeJS.Signals) => unknown,
  ended: Promise<unknown>,
): Promise<void> {
  for (const [name, patienceMs] of STOPS) {
    // Windows has no signals; Postgres brings its own kind, which pg_ctl speaks.
    if (process.platform === 'win32' && name !== 'SIGKILL') {
      spawnSync(programOf(binaries, 'pg_ctl'), ['kill', name.slice('SIG'.length), String(pid)], { windowsHide: true });
    } else {
      kill(name);
    }
    const patience = new AbortController();
    const late = sleep(patienceMs, true, { signal: patience.signal }).catch(() => true);
    const isLate = await Promise.race([ended.then(() => false), late]);
    patience.abort();
    if (!isLate) return;
  }
}

/** The number in postmaster.pid, or undefined when there is no such file. */
export function readPostmasterPid(place: Place): number | undefined {
  // A server without clients (`--single`) writes its number with a minus sign.
  const pid = Math.abs(Number(readPidFile(place)[0]));
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

/** What the server with this number says of itself in the file's eighth line; pg_ctl looks there, too. */
function readStatus(place: Place, pid: number): string | undefined {
  const lines = readPidFile(place);
  return Number(lines[0]) === pid ? lines[7]?.trim() : undefined;
}

function readPidFile(place: Place): string[] {
  try {
    return readFileSync(path.join(dataFolder(place), 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}
