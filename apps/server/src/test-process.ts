/** Help for tests of the server as a process: spawned as an operator would, watched, and never left behind. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createDatabase, type Db } from '@evently/db/client';
import { childrenOf, killAll, waitUntilGone } from '@evently/db/embedded/test-clusters';
import { findTestHome } from '@evently/db/testing-folder';
import { createEvently, type Evently } from '@evently/sdk';
import { sql } from 'kysely';

export type Environment = Record<string, string>;

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface TestProcess {
  pid: number;
  /** What it printed so far. */
  stdout: () => string;
  /** Waits for it to print this. @throws Error with all that it printed, when it ends without */
  until: (pattern: RegExp) => Promise<RegExpExecArray>;
  signal: (name: NodeJS.Signals) => void;
  ended: Promise<Ended>;
  /** It, and every process below it. */
  family: () => number[];
}

export const repository = fileURLToPath(new URL('../../../', import.meta.url));
const mainFile = path.join(repository, 'apps/server/src/main.ts');
const commandFile = path.join(repository, 'apps/server/src/evently.ts');

// Halves the time that each of these many starts takes.
const compileCache = path.join(repository, 'node_modules/.cache/node-compile');

const spawned = new Set<TestProcess>();
const folders = new Set<string>();

/** Kills what tests left running, and removes their folders; for `afterEach` or `afterAll`. */
export async function cleanUpProcesses(): Promise<void> {
  for (const process of spawned) {
    const family = process.family();
    killAll(family);
    await process.ended;
    await waitUntilGone(family);
  }
  spawned.clear();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  folders.clear();
}

/** A temporary folder. The user that Postgres runs as, when root starts it, can pass through. */
export function makeFolder(): string {
  const folder = realpathSync(mkdtempSync(path.join(findTestHome(), 'evently-server-')));
  chmodSync(folder, 0o755);
  folders.add(folder);
  return folder;
}

/** Runs Node on a file, with these settings and none of this process's own. */
export function spawnNode(args: readonly string[], env: Environment, cwd: string): TestProcess {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [...args], {
    cwd,
    env: { PATH, HOME, TMPDIR: tmpdir(), NODE_COMPILE_CACHE: compileCache, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('Node could not be started.');
  let stdout = '';
  let stderr = '';
  const looking = new Set<() => void>();
  const heard = () => {
    for (const look of looking) look();
  };
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    heard();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    heard();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const running: TestProcess = {
    pid,
    stdout: () => stdout,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(stdout) ?? pattern.exec(stderr);
          if (found) resolve(found);
          return found !== null;
        };
        looking.add(look);
        if (look()) return;
        void ended.then(({ code }) => {
          reject(new Error(`It ended (${code}) and did not print ${pattern}:\n${stdout}${stderr}`));
        });
      }),
    signal: (name) => void child.kill(name),
    ended,
    family: () => [pid, ...descendantsOf(pid)],
  };
  spawned.add(running);
  return running;
}

function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

export interface RunningServer extends TestProcess {
  url: string;
}

/** Starts the server, without waiting for it. What a crash leaves of its temporary files goes with the folder. */
export function spawnServer(env: Environment, cwd: string): TestProcess {
  return spawnNode([mainFile], { TMPDIR: cwd, ...env }, cwd);
}

/** Starts the server and waits until it is open. */
export async function startServer(env: Environment, cwd: string): Promise<RunningServer> {
  return await untilOpen(spawnServer(env, cwd));
}

export async function untilOpen(server: TestProcess): Promise<RunningServer> {
  const [, url = ''] = await server.until(/ is open at (\S+)/);
  return { ...server, url };
}

/** Tells the server to stop, and waits until everything of it is gone. */
export async function stopServer(server: TestProcess): Promise<Ended> {
  const family = server.family();
  server.signal('SIGTERM');
  const ended = await server.ended;
  await waitUntilGone(family);
  return ended;
}

/** Runs `pnpm evently …` to its end. */
export async function runCommand(args: readonly string[], env: Environment, cwd: string): Promise<Ended> {
  return await spawnNode([commandFile, ...args], env, cwd).ended;
}

/** The processes whose command line names this folder: Postgres and its guard name that of their data. */
export function processesNaming(folder: string): string[] {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => commandOf(name).replaceAll('\0', ' '))
    .filter((command) => command.includes(folder));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** A TCP port of the loopback that nobody uses just now. */
export async function findFreePort(): Promise<number> {
  await using probe = await listenSomewhere();
  return probe.port;
}

/** A program that listens on a port and hangs up on whoever calls, for as long as it is kept. */
export async function listenSomewhere(): Promise<{ port: number } & AsyncDisposable> {
  const server = net.createServer((caller) => caller.destroy());
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as net.AddressInfo).port));
  });
  return { port, [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** The database of the server that runs over this DATA_DIR. */
export function openDatabaseOf(dataDir: string): Db {
  const url = readFileSync(path.join(dataDir, 'postgres.address'), 'utf8');
  return createDatabase({ url, poolSize: 3, limits: 'none' });
}

export const admin = { email: 'admin@example.com', password: 'correct horse battery staple' };
/**
 * Settings of a server whose admin is known, and whom a test may ask as often as it likes; where its data is, the test adds.
 */
export const known: Environment = {
  ADMIN_EMAIL: admin.email,
  ADMIN_PASSWORD: admin.password,
  DEMO: 'off',
  RATE_LIMIT: 'off',
};

/** Signs in, with a client that sends everything once only. @throws EventlyError `invalid_credentials` */
export async function signIn(url: string, credentials: { email: string; password: string }): Promise<Evently> {
  const { token } = await createEvently({ url, retries: 0 }).auth.login(credentials);
  return createEvently({ url, token, retries: 0 });
}

export interface OpenShow {
  showId: string;
  standing: string;
  seatIds: string[];
}

/** A published event with one show on sale for nothing: rows of 300 seats, and a floor. */
export async function openShow(office: Evently, { rows = 1, floor = 100_000 } = {}): Promise<OpenShow> {
  const venue = await office.admin.venues.create({
    name: 'Hall',
    city: 'Vienna',
    country: 'AT',
    timeZone: 'Europe/Vienna',
    sections: [
      { name: 'Floor', kind: 'standing', capacity: floor },
      {
        name: 'Stalls',
        kind: 'seated',
        rows: Array.from({ length: rows }, (_, row) => ({ row: `${row + 1}`, seats: 300 })),
      },
    ],
  });
  const event = await office.admin.events.create({ name: 'Evening', description: 'An evening.', category: 'concert' });
  const startsAt = Date.now() + 30 * 86_400_000;
  const { id: showId } = await office.admin.shows.create({
    eventId: event.id,
    venueId: venue.id,
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(startsAt + 7_200_000).toISOString(),
    currency: 'EUR',
    prices: venue.sections.map(({ id }) => ({ sectionId: id, amount: 0 })),
  });
  await office.admin.events.publish({ eventId: event.id });
  const layout = await office.events.seatLayout({ showId });
  const seatIds = layout.sections.flatMap(({ rows }) => rows.flatMap(({ seats }) => seats.map((seat) => seat.seatId)));
  return { showId, standing: venue.sections[0]!.id, seatIds };
}

/** Keeps a table to itself, so that whoever reads it waits, until it is released. */
export async function holdTable(db: Db, table: string): Promise<{ release: () => Promise<void> } & AsyncDisposable> {
  const held = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const done = db.transaction().execute(async (trx) => {
    await sql`LOCK TABLE ${sql.table(table)} IN ACCESS EXCLUSIVE MODE`.execute(trx);
    held.resolve();
    await released.promise;
  });
  await Promise.race([held.promise, done]);
  const release = async () => {
    released.resolve();
    // Its connection is lost with the server.
    await done.catch(() => undefined);
  };
  return { release, [Symbol.asyncDispose]: release };
}

/** Waits until as many connections as this wait for a lock. */
export async function untilWaiting(db: Db, count: number): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ waiting: number }>`
      SELECT count(*)::int AS waiting FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(db);
    if (rows[0]!.waiting >= count) return;
    await sleep(10);
  }
}
