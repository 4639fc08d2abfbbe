/** A real Redis for tests, which they may pause, kill and start again; and suites that are skipped where there is none. */
import path from 'node:path';
import { describe } from 'vitest';
import { findRedisServer, makeRedisFolder, startOwnRedis } from './redis-server.ts';

export { findRedisServer } from './redis-server.ts';

/** A Redis of a test's own. */
export interface TestRedis extends AsyncDisposable {
  /** As `createRedis` takes it; stays the same when Redis is started again. */
  readonly url: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Stops it in its tracks: it takes connections and answers nothing. */
  pause(): void;
  resume(): void;
  /** As a crash would; resolves when it is gone. */
  kill(): Promise<void>;
  /** Empty, at the same address; kills what runs there first. */
  restart(): Promise<void>;
  /** Resolves when nothing is left of it. */
  stop(): Promise<void>;
}

/** @throws Error where neither redis-server nor valkey-server is on PATH; suites in `describeWithOwnRedis` are skipped there */
export async function startTestRedis(): Promise<TestRedis> {
  const program = findRedisServer();
  if (program === null) throw new Error('There is no redis-server or valkey-server on PATH.');
  const folder = makeRedisFolder();
  let running = await startOwnRedis(program, folder);
  const stop = () => running.stop();
  return {
    url: running.url,
    get pid() {
      return running.pid;
    },
    pause: () => void process.kill(running.pid, 'SIGSTOP'),
    resume: () => void process.kill(running.pid, 'SIGCONT'),
    async kill() {
      process.kill(running.pid, 'SIGKILL');
      await running.exited;
    },
    async restart() {
      await stop();
      running = await startOwnRedis(program, path.dirname(running.url));
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Any Redis: that of REDIS_URL, which others may use too, or else one of the test's own. */
export async function openTestRedis(): Promise<{ url: string; stop: () => Promise<void> }> {
  const given = process.env.REDIS_URL;
  return given ? { url: given, stop: async () => {} } : await startTestRedis();
}

/** Has this process do nothing else for so long, in milliseconds. */
export function blockFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** A suite that needs some Redis; skipped by name where there is none. */
export function describeWithRedis(name: string, suite: () => void): void {
  const reason = 'no redis-server or valkey-server on PATH, and no REDIS_URL';
  describeUnless(!process.env.REDIS_URL && findRedisServer() === null, reason, name, suite);
}

/** A suite that kills and pauses its Redis; skipped by name where none can be started. */
export function describeWithOwnRedis(name: string, suite: () => void): void {
  describeUnless(findRedisServer() === null, 'no redis-server or valkey-server on PATH', name, suite);
}

function describeUnless(isLacking: boolean, reason: string, name: string, suite: () => void): void {
  if (isLacking) console.warn(`SKIPPED: ${name}: ${reason}`);
  describe.skipIf(isLacking)(isLacking ? `${name} (skipped: ${reason})` : name, suite);
}
