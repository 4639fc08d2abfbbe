/** Help for the tests of this folder: throw-away clusters, and owners in processes of their own that can be killed. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { findTestHome } from '../testing-folder.ts';
import { isAlive } from './process-state.ts';
import { asUser, isRoot, type ServiceUser } from './service-user.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './start.ts';

/** What an owner in another process tells of its Postgres. */
export interface Owned {
  readonly owner: ChildProcess;
  readonly url: string;
  readonly directory: string;
  readonly pid: number;
  readonly guardPid: number;
  /** Postgres, its guard and the guard's watcher. */
  readonly processes: readonly number[];
}

const cleanups: Array<() => unknown> = [];

/** Ends and removes what a test made, newest first; for `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (let next = cleanups.pop(); next; next = cleanups.pop()) await next();
}

export function onCleanUp(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/** A temporary folder that the user `nobody` can reach, too. @param home another than that of data, to run programs from */
export function makeFolder(home?: string): string {
  const folder = makeLastingFolder(home);
  onCleanUp(() => removeFolder(folder));
  return folder;
}

function makeLastingFolder(home = findTestHome()): string {
  const folder = realpathSync(mkdtempSync(path.join(home, 'evently-embedded-')));
  chmodSync(folder, 0o755);
  return folder;
}

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** A cluster for all tests of a file. */
export interface TestCluster {
  /** Every test finds it stopped or crashed, and leaves it so. */
  readonly directory: string;
  readonly remove: () => void;
}

/** Sets up a cluster, runs `sql` and stops it. Copying a cluster per test would take longer than all of the tests. */
export async function makeCluster(sql: string): Promise<TestCluster> {
  const folder = makeLastingFolder();
  const postgres = await startEmbeddedPostgres({ directory: path.join(folder, 'data', 'postgres') });
  await query(postgres.url, sql);
  await postgres.stop();
  return { directory: postgres.directory, remove: () => removeFolder(folder) };
}

/** Moves the cluster to another place until the end of the test. */
export function moveCluster(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true });
  renameSync(from, to);
  onCleanUp(() => renameSync(to, from));
}

/** Starts Postgres in this process and stops it after the test. */
export async function startHere(
  directory: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ directory, settings });
  onCleanUp(() => postgres.stop());
  return postgres;
}

const OWNER = `
import { startEmbeddedPostgres } from ${JSON.stringify(new URL('start.ts', import.meta.url).href)};
process.on('SIGINT', () => {});
process.stdin.on('end', () => process.exit(1)).resume();
if (process.argv[2] === 'leave') process.stdin.unref();
const { url, directory, pid, guardPid } = await startEmbeddedPostgres({ directory: process.argv[1] });
console.log(JSON.stringify({ url, directory, pid, guardPid }));
`;

/** Spawns a process that starts Postgres and lives until it is killed or this process is gone; or has nothing else to do. */
export function spawnOwner(directory: string, user?: ServiceUser, then: 'stay' | 'leave' = 'stay'): ChildProcess {
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', OWNER, directory, then], {
    cwd: '/',
    // A process group of its own, which a test can send what a terminal sends.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...asUser(user),
  });
  onCleanUp(async () => {
    if (owner.exitCode !== null || owner.signalCode !== null) return;
    owner.kill('SIGKILL');
    await once(owner, 'exit');
  });
  return owner;
}

/** Starts Postgres in a process of its own and waits until it is ready. */
export async function startElsewhere(directory: string, user?: ServiceUser): Promise<Owned> {
  const owner = spawnOwner(directory, user);
  let problems = '';
  owner.stderr?.on('data', (chunk: Buffer) => {
    problems += chunk.toString();
  });
  const line = await new Promise<string>((resolve, reject) => {
    if (owner.stdout) createInterface({ input: owner.stdout }).once('line', resolve);
    owner.once('exit', () => reject(new Error(problems)));
  });
  const told = JSON.parse(line) as { url: string; directory: string; pid: number; guardPid: number };
  const processes = [told.guardPid, ...childrenOf(told.guardPid)];
  onCleanUp(() => killAll(processes));
  return { owner, ...told, processes };
}

/** The children of a process, as Linux tells; elsewhere as `ps` does. */
export function childrenOf(parent: number): number[] {
  if (!existsSync('/proc/self/stat')) {
    const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
    return rows
      .map((row) => row.trim().split(/\s+/).map(Number))
      .flatMap(([pid, ppid]) => (ppid === parent ? [pid!] : []));
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')[1],
    );
  } catch {
    return undefined;
  }
}

/** Kills at once, as a crash of everything would. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }
}

/** Waits until none of the processes is left; a test that waits in vain fails by its own time limit. */
export async function waitUntilGone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await sleep(20);
}

/** Runs one statement on a connection of its own. */
export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  // A server that goes away under the connection is what some tests are about.
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Opens a connection whose backend does nothing, not even end, until it is thawed. */
export async function freezeBackend(url: string): Promise<{ thaw: () => void }> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  const backend = Number((await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid);
  process.kill(backend, 'SIGSTOP');
  const thaw = (): void => {
    if (isAlive(backend)) process.kill(backend, 'SIGCONT');
  };
  onCleanUp(() => {
    thaw();
    client.connection.stream.destroy();
  });
  return { thaw };
}

/** The sentence of a refusal. */
export async function refusalOf(attempt: Promise<EmbeddedPostgres>): Promise<string> {
  const outcome = await attempt.catch((error: Error) => error.message);
  if (typeof outcome === 'string') return outcome;
  await outcome.stop();
  throw new Error('Postgres started, but should have been refused.');
}

/** Whether these tests run as root, who has to run Postgres as somebody else. */
export const AS_ROOT = isRoot();
