import { type ChildProcessByStdio, spawn } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EmbeddedPostgresExit, GuardMessage, GuardOrder } from './guard-messages.ts';
import { isAlive } from './process-state.ts';
import { checkSettings } from './server-settings.ts';
import { toolEnvironment } from './tool.ts';

export type { EmbeddedPostgresExit } from './guard-messages.ts';

/** What to start. */
export interface EmbeddedPostgresOptions {
  /** Where the cluster's data lives, for example `<DATA_DIR>/postgres`; made when missing. */
  readonly directory: string;
  /** Extra server settings, which win over ours, for example `{ fsync: 'off' }` for tests that are thrown away. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running PostgreSQL of our own. It ends with the process that started it, however that ends. */
export interface EmbeddedPostgres {
  /** Connects `pg` to the database `evently` as its owner, the cluster's superuser. */
  readonly url: string;
  /** Where the data really is: not where it was wanted when Postgres, started by root, could not get there. */
  readonly directory: string;
  /** The TCP port on 127.0.0.1, when there is no Unix socket. */
  readonly port?: number;
  /** The process number of Postgres. */
  readonly pid: number;
  /** The process number of its parent, which shuts it down when we are gone. */
  readonly guardPid: number;
  /** Ends the clients' connections and Postgres, and resolves when both Postgres and the guard are gone. May be called again. */
  stop(): Promise<void>;
  /** Resolves, never rejects, when Postgres is gone for whatever reason. */
  readonly exited: Promise<EmbeddedPostgresExit>;
}

type Guard = ChildProcessByStdio<Writable, Readable, Readable>;

/** The guard is done after 19 seconds at the latest, and its watcher after about as many. */
const STOP_PATIENCE_MS = 25_000;
const LOOK_AGAIN_MS = 10;
const KEPT_ERRORS = 4_000;

/**
 * Starts PostgreSQL over the data in `directory`, which is set up at the first start. It does not keep this process alive.
 *
 * @throws Error with one sentence for the operator: no binaries for this platform, the data in use by another process
 *   or of another PostgreSQL version, a folder that cannot be used, a server that refuses its settings.
 * @example
 * const postgres = await startEmbeddedPostgres({ directory: '.evently/postgres' });
 * const pool = new Pool({ connectionString: postgres.url });
 * await postgres.stop();
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const settings = options.settings ?? {};
  checkSettings(settings);
  const guard = spawnGuard({ directory: path.resolve(options.directory), settings, ownerPid: process.pid });
  let problems = '';
  guard.stderr.on('data', (chunk: Buffer) => {
    problems = (problems + chunk.toString()).slice(-KEPT_ERRORS);
  });
  const told = new Map<GuardMessage['type'], GuardMessage>();
  const ready = new Promise<Extract<GuardMessage, { type: 'ready' }>>((resolve) => {
    createInterface({ input: guard.stdout }).on('line', (line) => {
      const message = JSON.parse(line) as GuardMessage;
      told.set(message.type, message);
      if (message.type === 'ready') resolve(message);
    });
  });
  const closed = new Promise<EmbeddedPostgresExit>((resolve) => {
    const end = (reason: string): void => {
      const last = told.get('ended') ?? told.get('failed');
      if (last?.type === 'ended') resolve({ asked: last.asked, reason: last.reason });
      else resolve({ asked: false, reason: last?.type === 'failed' ? last.message : reason });
    };
    guard.on('error', (error) => end(`The guard of the embedded Postgres could not be started: ${error.message}.`));
    guard.on('close', (code, by) => {
      end(`The guard of the embedded Postgres ended by itself (${by ?? `code ${code}`}). ${problems}`.trim());
    });
  });
  const first = await Promise.race([ready, closed]);
  if (!('type' in first)) throw new Error(first.reason);
  setReferenced(guard, false);

  const exited = closed.then(async (exit) => {
    // A guard that was killed left Postgres to its watcher, which takes another moment.
    const deadline = performance.now() + STOP_PATIENCE_MS;
    while (isAlive(first.pid) && performance.now() < deadline) await sleep(LOOK_AGAIN_MS, undefined, { ref: false });
    return exit;
  });
  return {
    url: first.url,
    directory: first.directory,
    ...(first.port === null ? {} : { port: first.port }),
    pid: first.pid,
    guardPid: guard.pid ?? 0,
    stop: () => stop(guard, first.pid, exited),
    exited,
  };
}

function spawnGuard(order: GuardOrder): Guard {
  // Beside the compiled form of this file lies the compiled form of the guard.
  const file = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? 'guard.ts' : 'guard.js', import.meta.url));
  const guard = spawn(process.execPath, [file, JSON.stringify(order)], {
    // A session of its own: Ctrl-C in a terminal reaches us, and the guard only when we are gone.
    detached: true,
    cwd: path.parse(file).root,
    env: toolEnvironment(),
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  guard.stdin.on('error', () => {});
  return guard;
}

async function stop(guard: Guard, postmasterPid: number, exited: Promise<EmbeddedPostgresExit>): Promise<void> {
  setReferenced(guard, true);
  guard.stdin.end();
  const patience = new AbortController();
  const late = sleep(STOP_PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => undefined);
  await Promise.race([exited, late]);
  patience.abort();
  if (isAlive(postmasterPid)) {
    const seconds = STOP_PATIENCE_MS / 1000;
    throw new Error(`The embedded Postgres (process ${postmasterPid}) did not stop within ${seconds} seconds.`);
  }
}

/** Whether the guard and its pipes keep this process alive. */
function setReferenced(guard: Guard, referenced: boolean): void {
  for (const held of [guard, guard.stdin, guard.stdout, guard.stderr]) {
    if (held !== guard && !(held instanceof net.Socket)) continue;
    if (referenced) held.ref();
    else held.unref();
  }
}
