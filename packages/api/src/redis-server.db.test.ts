import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '@evently/db/embedded/process-state';
import { asUser, findNobody, isRoot, type ServiceUser } from '@evently/db/embedded/service-user';
import { childrenOf, killAll } from '@evently/db/embedded/test-clusters';
import { afterEach, expect, test } from 'vitest';
import { createRedis } from './redis-connection.ts';
import { findRedisServer, startOwnRedis } from './redis-server.ts';
import { describeWithOwnRedis } from './testing-redis.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (let next = cleanups.pop(); next; next = cleanups.pop()) await next();
});

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

const OWNER = `
import { findRedisServer, startOwnRedis } from ${JSON.stringify(new URL('redis-server.ts', import.meta.url).href)};
process.on('SIGINT', () => {});
process.stdin.on('end', () => process.exit(1)).on('data', () => process.stdin.unref());
const { url, pid } = await startOwnRedis(findRedisServer());
console.log(JSON.stringify({ url, pid }));
`;

interface Elsewhere {
  owner: ChildProcess;
  url: string;
  /** Of Redis. */
  pid: number;
  /** Redis and its two shells; the guard, which leads their session, comes first. */
  processes: number[];
}

/** Starts a Redis in a process of its own. */
async function startElsewhere(user?: ServiceUser): Promise<Elsewhere> {
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', OWNER], {
    cwd: '/',
    // A process group of its own, which a test can send what a terminal sends.
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    ...asUser(user),
  });
  cleanups.push(async () => {
    if (owner.exitCode !== null || owner.signalCode !== null) return;
    owner.kill('SIGKILL');
    await once(owner, 'exit');
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: owner.stdout }).once('line', resolve);
    owner.once('exit', () => reject(new Error('the owner ended before it had started a Redis')));
  });
  const { url, pid } = JSON.parse(line) as { url: string; pid: number };
  const [guard] = childrenOf(owner.pid!);
  const processes = [guard!, ...childrenOf(guard!)];
  cleanups.push(() => killAll(processes));
  return { owner, url, pid, processes };
}

/** Of a Redis that this process has started. */
function guardOf({ pid }: { pid: number }): number {
  return childrenOf(process.pid).find((child) => childrenOf(child).includes(pid))!;
}

async function answers(url: string): Promise<string> {
  const { redis, close } = createRedis({ url, log: quiet, commandTimeoutMs: 20_000 });
  await new Promise((resolve) => redis.once('ready', resolve));
  const answer = await redis.ping();
  close();
  return answer;
}

async function untilNothingIsLeft(processes: readonly number[], url: string): Promise<void> {
  while (processes.some(isAlive) || existsSync(path.dirname(url))) await sleep(10);
}

test('an absolute path of redis-server, or else of valkey-server, is found on the PATH', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'evently-path-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const [redis, valkey] = ['redis-server', 'valkey-server'].map((name) => path.join(folder, name));
  expect(findRedisServer(folder)).toBe(null);
  symlinkSync('/bin/sh', valkey!);
  expect(findRedisServer(folder)).toBe(valkey);
  symlinkSync('/bin/sh', redis!);
  expect(findRedisServer(folder)).toBe(redis);
  expect(findRedisServer(path.relative(process.cwd(), folder))).toBe(null);
});

test('a program that does not start is refused with its own words, and leaves nothing', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'evently-redis-'));
  const program = path.join(folder, 'broken');
  writeFileSync(program, '#!/bin/sh\necho "wrong kind of machine" >&2\nexit 1\n', { mode: 0o755 });
  await expect(startOwnRedis(program, folder)).rejects.toThrow(`${program} did not start: wrong kind of machine`);
  expect(existsSync(folder)).toBe(false);
});

describeWithOwnRedis('a Redis of our own', () => {
  test('only its user can reach it, it keeps nothing on disk, evicts nothing and knows none of our secrets', async () => {
    process.env.EVENTLY_TEST_SECRET = 'canary';
    const server = await startOwnRedis(findRedisServer()!);
    cleanups.push(() => server.stop());
    delete process.env.EVENTLY_TEST_SECRET;
    // Linux alone shows what a program was given; Redis writes its title over it, so its parent is looked at.
    const given = `/proc/${guardOf(server)}/environ`;
    if (existsSync(given)) expect(readFileSync(given, 'utf8')).not.toContain('canary');
    const { redis, close } = createRedis({ url: server.url, log: quiet, commandTimeoutMs: 20_000 });
    await new Promise((resolve) => redis.once('ready', resolve));
    await redis.set('a', 'b');
    const settings = ['port', 'save', 'appendonly', 'maxmemory', 'maxmemory-policy'];
    const found = await Promise.all(settings.map(async (name) => ((await redis.config('GET', name)) as string[])[1]));
    expect(found).toEqual(['0', '', 'no', String(256 * 1024 * 1024), 'noeviction']);
    close();
    const folder = path.dirname(server.url);
    expect([statSync(folder).mode & 0o777, statSync(server.url).mode & 0o777]).toEqual([0o700, 0o700]);
    expect(Buffer.byteLength(server.url)).toBeLessThanOrEqual(100);
    expect(readdirSync(folder)).toEqual(['redis.sock']);
    await server.stop();
    await server.stop();
    expect([isAlive(server.pid), existsSync(folder)]).toEqual([false, false]);
  });

  test('Redis dies: its owner learns it, and nothing is left', async () => {
    const server = await startOwnRedis(findRedisServer()!);
    const guard = guardOf(server);
    const processes = [guard, ...childrenOf(guard)];
    expect(processes).toHaveLength(3);
    process.kill(server.pid, 'SIGKILL');
    await server.exited;
    await untilNothingIsLeft(processes, server.url);
    await server.stop();
  });

  test('kill -9 of the owner leaves no process and no folder, even when Redis hangs', async () => {
    for (const signal of ['SIGCONT', 'SIGSTOP'] as const) {
      const { owner, url, pid, processes } = await startElsewhere();
      expect(processes).toHaveLength(3);
      process.kill(pid, signal);
      owner.kill('SIGKILL');
      await untilNothingIsLeft(processes, url);
    }
  });

  test('kill -9 of the guard and the owner, or of the guard alone, leaves nothing either', async () => {
    const first = await startElsewhere();
    process.kill(first.processes[0]!, 'SIGKILL');
    first.owner.kill('SIGKILL');
    await untilNothingIsLeft(first.processes, first.url);
    const second = await startElsewhere();
    process.kill(second.processes[0]!, 'SIGKILL');
    await untilNothingIsLeft(second.processes, second.url);
  });

  test('an owner that ends without a word leaves nothing, and Redis does not keep it from ending', async () => {
    const { owner, url, processes } = await startElsewhere();
    const ended = once(owner, 'exit');
    // Now it has nothing to do any more.
    owner.stdin?.write('leave');
    await ended;
    await untilNothingIsLeft(processes, url);
  });

  test('Ctrl-C in the terminal does not end Redis under a server that drains', async () => {
    const { owner, url, processes } = await startElsewhere();
    process.kill(-owner.pid!, 'SIGINT');
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.kill(processes[0]!, name);
    expect(await answers(url)).toBe('PONG');
    // Time in which an end would have shown.
    await sleep(200);
    expect(await answers(url)).toBe('PONG');
    expect(processes.every(isAlive)).toBe(true);
    owner.kill('SIGKILL');
    await untilNothingIsLeft(processes, url);
  });

  test('an ordinary user can start one', async ({ skip }) => {
    skip(!isRoot(), 'these tests run as an ordinary user');
    const { owner, url, processes } = await startElsewhere(findNobody());
    expect(statSync(url).uid).toBe(findNobody().uid);
    owner.kill('SIGKILL');
    await untilNothingIsLeft(processes, url);
  });
});
