import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** A Redis that is ours alone. It ends with the process that started it, however that ends. */
export interface OwnRedis {
  /** The path of its Unix socket, as `createRedis` takes it. */
  readonly url: string;
  readonly pid: number;
  /** Resolves, never rejects, when it is gone for whatever reason. */
  readonly exited: Promise<void>;
  /** Ends it and removes its folder; resolves when both are gone. May be called again. */
  stop(): Promise<void>;
}

type Guard = ChildProcessByStdio<Writable, Readable, Readable>;

const FIND = 'command -v redis-server || command -v valkey-server';

/**
 * The parent of Redis: a shell whose standard input is a pipe from us. A second shell reads it, and when it ends, because
 * we are gone by whatever way, ends Redis at once: there is nothing to be saved. Either shell does so without the other.
 * They ignore what a terminal sends, so that Redis outlives a server that drains. When Redis ends by itself, the second
 * shell is ended before Redis's number can be somebody else's.
 */
const GUARD = `
trap '' INT TERM HUP QUIT
folder=$1; shift
exec 3<&0 </dev/null
"$@" >&2 3<&- & redis=$!
{ while read -r word; do :; done <&3; kill -KILL "$redis"; rm -rf "$folder"; } 2>/dev/null & reader=$!
exec 3<&-
echo "$redis"
wait "$redis"
kill -KILL "$reader"
rm -rf "$folder"
`;

/** Systems allow 104 bytes or a few more for the path of a socket. */
const MAX_SOCKET_PATH = 100;
const SOCKET = 'redis.sock';
const START_PATIENCE_MS = 5000;
const STOP_PATIENCE_MS = 5000;
const LOOK_AGAIN_MS = 5;
const KEPT_WORDS = 4000;

/**
 * Looks for a `redis-server`, or else a `valkey-server`, on the PATH; answers its absolute path, or null.
 *
 * @param searchPath instead of the PATH of this process
 */
export function findRedisServer(searchPath?: string): string | null {
  // There is none for Windows.
  if (process.platform === 'win32') return null;
  const env = searchPath === undefined ? {} : { env: { PATH: searchPath } };
  const { stdout } = spawnSync('/bin/sh', ['-c', FIND], { encoding: 'utf8', ...env });
  const found = (stdout ?? '').trim();
  // What a relative entry of the PATH leads to depends on where one happens to be.
  return path.isAbsolute(found) ? found : null;
}

/** Makes a folder that only this user can enter, with a path short enough for a socket in it. */
export function makeRedisFolder(): string {
  const place = [tmpdir(), '/tmp'].find(
    (folder) => Buffer.byteLength(socketIn(path.join(folder, 'evently-redis-XXXXXX'))) <= MAX_SOCKET_PATH,
  );
  return mkdtempSync(path.join(place ?? '/tmp', 'evently-redis-'));
}

const socketIn = (folder: string) => path.join(folder, SOCKET);

/**
 * Starts a Redis that keeps nothing on disk and that nobody but this user can reach: it listens on a Unix socket in a
 * folder of its own, which is removed with it. It does not keep this process alive.
 *
 * @param program absolute path of a redis-server or valkey-server
 * @param folder from `makeRedisFolder`; made again when it is gone
 * @throws Error with a sentence for the operator
 */
export async function startOwnRedis(program: string, folder = makeRedisFolder()): Promise<OwnRedis> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const guard = spawnGuard(program, folder);
  let words = '';
  guard.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-KEPT_WORDS);
  });
  let hasExited = false;
  const exited = new Promise<void>((resolve) => {
    const end = () => {
      hasExited = true;
      resolve();
    };
    guard.on('error', end);
    // Not "exit": all that came of the guard holds one of its pipes to us, down to the last program that cleans up. Should
    // the guard be killed, Node closes its input, and the second shell ends Redis.
    guard.on('close', end);
  });
  const stop = () => stopGuard(guard, exited);

  const firstLine = new Promise<string>((resolve) => createInterface({ input: guard.stdout }).once('line', resolve));
  const pid = Number(await Promise.race([firstLine, exited.then(() => 0)]));
  const deadline = performance.now() + START_PATIENCE_MS;
  while (!(await answers(socketIn(folder)))) {
    if (hasExited) throw new Error(`${program} did not start: ${lastWords(words)}`);
    if (performance.now() > deadline) {
      await stop();
      throw new Error(`${program} did not answer within ${START_PATIENCE_MS / 1000} seconds: ${lastWords(words)}`);
    }
    await sleep(LOOK_AGAIN_MS);
  }
  setReferenced(guard, false);
  return { url: socketIn(folder), pid, exited, stop };
}

function spawnGuard(program: string, folder: string): Guard {
  const settings = {
    port: '0',
    unixsocket: socketIn(folder),
    unixsocketperm: '700',
    dir: folder,
    save: '',
    appendonly: 'no',
    daemonize: 'no',
    loglevel: 'warning',
    maxmemory: '256mb',
    // Locks and places in a queue must not vanish unnoticed: what does not fit is refused, and Postgres serves without it.
    'maxmemory-policy': 'noeviction',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const guard = spawn('/bin/sh', ['-c', GUARD, 'evently-redis-guard', folder, program, ...args], {
    // A session of its own: Ctrl-C in a terminal reaches us, and Redis only when we are gone.
    detached: true,
    cwd: '/',
    // None of our environment, which holds secrets.
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  guard.stdin.on('error', () => {});
  return guard;
}

async function stopGuard(guard: Guard, exited: Promise<void>): Promise<void> {
  setReferenced(guard, true);
  guard.stdin.end();
  const patience = new AbortController();
  const late = sleep(STOP_PATIENCE_MS, true, { signal: patience.signal }).catch(() => false);
  const isLate = await Promise.race([exited.then(() => false), late]);
  patience.abort();
  if (isLate) throw new Error(`Redis did not stop within ${STOP_PATIENCE_MS / 1000} seconds.`);
}

/** Whether a Redis is ready behind the socket. */
function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = net.connect(socket, () => connection.write('PING\r\n'));
    connection.setTimeout(START_PATIENCE_MS, () => connection.destroy());
    connection.on('data', (chunk: Buffer) => {
      resolve(chunk.toString().startsWith('+PONG'));
      connection.destroy();
    });
    connection.on('error', () => resolve(false));
    connection.on('close', () => resolve(false));
  });
}

function lastWords(words: string): string {
  return words.trim().split('\n').slice(-3).join(' ') || 'it said nothing.';
}

/** Whether the guard and its pipes keep this process alive. */
function setReferenced(guard: Guard, referenced: boolean): void {
  for (const held of [guard, guard.stdin, guard.stdout, guard.stderr]) {
    if (held !== guard && !(held instanceof net.Socket)) continue;
    if (referenced) held.ref();
    else held.unref();
  }
}
