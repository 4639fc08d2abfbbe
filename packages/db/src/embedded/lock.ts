import { closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './process-state.ts';

/** Says who holds the lock; what stays of it after a crash means nothing without the lock. */
interface Holder {
  readonly pid: number;
  readonly state: 'running' | 'stopping';
}

/** The exclusive right to one embedded Postgres. It ends with the process that holds it, however that ends. */
export interface ClusterLock {
  /** Tells others who wait for the lock that it will be free in a moment. */
  announceStop(): void;
}

/** A killed owner looks alive until its guard has noticed: a second start looks twice. */
const RUNNING_PATIENCE_MS = 500;
/** The longest a guard takes to stop Postgres, and a little. */
const STOPPING_PATIENCE_MS = 20_000;
const LOOK_AGAIN_MS = 20;
const SQLITE_BUSY = 5;

/**
 * Takes the lock of the cluster in `directory`, waiting for a previous owner that is on its way out.
 *
 * @throws Error that names the folder and the process when another Evently uses the cluster.
 */
export async function lockCluster(directory: string, ownerPid: number, signal: AbortSignal): Promise<ClusterLock> {
  const began = performance.now();
  for (;;) {
    const handle = tryLock(path.join(directory, 'lock'));
    if (handle) {
      const note = (state: Holder['state']): void => writeHolder(directory, { pid: ownerPid, state });
      note('running');
      kept.add(handle);
      return { announceStop: () => note('stopping') };
    }
    const holder = readHolder(directory);
    const running = holder === undefined || (holder.state === 'running' && isAlive(holder.pid));
    if (performance.now() - began > (running ? RUNNING_PATIENCE_MS : STOPPING_PATIENCE_MS)) {
      const who = holder ? `Another Evently (process ${holder.pid})` : 'Another Evently';
      throw new Error(
        `${who} already uses the embedded Postgres in ${directory}: stop it first, or choose another DATA_DIR.`,
      );
    }
    await sleep(LOOK_AGAIN_MS, undefined, { signal });
  }
}

/** A handle that was garbage collected would give its lock back. */
const kept = new Set<DatabaseSync>();

/**
 * An exclusive SQLite transaction that is never committed, on a file that stays empty. Of all that Node can do it is the
 * one lock that the system itself takes back when a process dies; a file with a process number cannot tell a crashed
 * owner from a stranger who got the same number.
 */
function tryLock(file: string): DatabaseSync | undefined {
  // SQLite would make it readable for all, and a reader can hold up a writer.
  closeSync(openSync(file, 'a', 0o600));
  const handle = new DatabaseSync(file);
  try {
    // Without a journal file, which a killed guard would leave behind.
    handle.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return handle;
  } catch (error) {
    handle.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined;
    throw new Error(
      `The lock ${file} of the embedded Postgres cannot be taken: ${error instanceof Error ? error.message : error}.`,
    );
  }
}

function writeHolder(directory: string, holder: Holder): void {
  const file = path.join(directory, 'owner.json');
  try {
    writeFileSync(`${file}.new`, JSON.stringify(holder), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch {
    // A full disk, say. The lock is what counts; the note only makes the refusal of others more helpful.
  }
}

function readHolder(directory: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path.join(directory, 'owner.json'), 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}
