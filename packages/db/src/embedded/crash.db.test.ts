import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { isAlive } from './process-state.ts';
import { asUser, findNobody } from './service-user.ts';
import { startEmbeddedPostgres } from './start.ts';
import {
  AS_ROOT,
  childrenOf,
  cleanUp,
  freezeBackend,
  killAll,
  makeCluster,
  makeFolder,
  onCleanUp,
  query,
  spawnOwner,
  startElsewhere,
  startHere,
  type TestCluster,
  waitUntilGone,
} from './test-clusters.ts';

/** With a table of seats; the tests share it, and each starts it again. */
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await makeCluster('CREATE TABLE seat AS SELECT 0 AS number');
});
afterEach(cleanUp);
afterAll(() => cluster.remove());

test('kill -9 of the owner: Postgres shuts down cleanly, nothing is left, and the next start need not wait for it', async () => {
  const { owner, url, directory, processes } = await startElsewhere(cluster.directory);
  expect(processes).toHaveLength(3);
  await query(url, 'INSERT INTO seat VALUES (1)');
  owner.kill('SIGKILL');
  // At once, while the guard is still at work.
  const next = await startHere(directory);
  await waitUntilGone(processes);
  expect(await query(next.url, 'SELECT number FROM seat WHERE number = 1')).toEqual([{ number: 1 }]);
  expect(readFileSync(path.join(directory, 'postgres.log'), 'utf8')).toContain('database system was shut down at');
});

test('kill -9 of the guard and its owner: the watcher ends Postgres', async () => {
  const { owner, guardPid, processes } = await startElsewhere(cluster.directory);
  owner.kill('SIGKILL');
  killAll([guardPid]);
  await waitUntilGone(processes);
});

test('kill -9 of the guard alone: the owner learns that Postgres is gone', async () => {
  const postgres = await startHere(cluster.directory);
  killAll([postgres.guardPid]);
  expect(await postgres.exited).toEqual({
    asked: false,
    reason: 'The guard of the embedded Postgres ended by itself (SIGKILL).',
  });
  expect(isAlive(postgres.pid)).toBe(false);
  await postgres.stop();
});

test('Postgres dies: the owner learns it, the guard ends, and the next start has every committed row', async () => {
  const postgres = await startHere(cluster.directory);
  const processes = [postgres.guardPid, ...childrenOf(postgres.guardPid)];
  await query(postgres.url, 'INSERT INTO seat VALUES (2)');
  killAll([postgres.pid]);
  expect(await postgres.exited).toEqual({
    asked: false,
    reason: `Postgres ended by itself (SIGKILL); its log is ${path.join(postgres.directory, 'postgres.log')}.`,
  });
  expect(processes.filter(isAlive)).toEqual([]);
  const next = await startHere(postgres.directory);
  expect(await query(next.url, 'SELECT number FROM seat WHERE number = 2')).toEqual([{ number: 2 }]);
});

test('kill -9 of everything at once: the stale number of a stranger is no obstacle, and committed rows are there', async () => {
  const { owner, url, directory, pid, processes } = await startElsewhere(cluster.directory);
  await query(url, 'INSERT INTO seat VALUES (3)');
  // First the watcher and the guard, so that neither has time to shut anything down.
  killAll([...processes.filter((process) => process !== pid), pid]);
  owner.kill('SIGKILL');
  await waitUntilGone(processes);
  // Of the same user as Postgres: of another user's process Postgres itself would know that it cannot be a server.
  const stranger = spawn('sleep', ['600'], { stdio: 'ignore', ...asUser(AS_ROOT ? findNobody() : undefined) });
  onCleanUp(() => stranger.kill('SIGKILL'));
  for (const file of ['data/postmaster.pid', 'socket/.s.PGSQL.5432.lock']) {
    const text = readFileSync(path.join(directory, file), 'utf8');
    expect(text).toMatch(new RegExp(`^${pid}\n`));
    writeFileSync(path.join(directory, file), text.replace(String(pid), String(stranger.pid)));
  }
  const next = await startHere(directory);
  expect(await query(next.url, 'SELECT number FROM seat WHERE number = 3')).toEqual([{ number: 3 }]);
  expect(isAlive(stranger.pid!)).toBe(true);
});

test('kill -9 of everything but a busy backend: the next start waits until that is gone, too', async () => {
  const { owner, url, directory, pid, processes } = await startElsewhere(cluster.directory);
  const backend = await freezeBackend(url);
  killAll([...processes.filter((process) => process !== pid), pid]);
  owner.kill('SIGKILL');
  await waitUntilGone(processes);
  const next = startHere(directory);
  const log = path.join(directory, 'postgres.log');
  while (!readFileSync(log, 'utf8').includes('pre-existing shared memory block')) await sleep(20);
  backend.thaw();
  expect(await query((await next).url, 'SELECT count(*) > 0 AS kept FROM seat')).toEqual([{ kept: true }]);
});

test('a server that was left behind without guard and watcher is ended by the next start, with its rows kept', async () => {
  const { owner, url, directory, pid, processes } = await startElsewhere(cluster.directory);
  await query(url, 'INSERT INTO seat VALUES (4)');
  killAll(processes.filter((process) => process !== pid).reverse());
  owner.kill('SIGKILL');
  await waitUntilGone(processes.filter((process) => process !== pid));
  expect(isAlive(pid)).toBe(true);
  const next = await startHere(directory);
  expect(isAlive(pid)).toBe(false);
  expect(await query(next.url, 'SELECT number FROM seat WHERE number = 4')).toEqual([{ number: 4 }]);
});

/** Spawns an owner over an empty folder and comes back in the middle of initdb's work. */
async function interruptFirstStart(directory: string): Promise<{ owner: ChildProcess; processes: number[] }> {
  const owner = spawnOwner(directory);
  while (!isHalfMade(directory)) await sleep(2);
  const guards = childrenOf(owner.pid!);
  const processes = [...guards, ...guards.flatMap(childrenOf)];
  onCleanUp(() => killAll(processes));
  return { owner, processes };
}

function isHalfMade(directory: string): boolean {
  try {
    const fresh = readdirSync(directory).find((name) => name.startsWith('data.new-'));
    return fresh !== undefined && readdirSync(path.join(directory, fresh)).includes('base');
  } catch {
    return false;
  }
}

test('kill -9 of the owner during the first start: no process and no half-made data is left', async () => {
  const directory = path.join(makeFolder(), 'postgres');
  const { owner, processes } = await interruptFirstStart(directory);
  owner.kill('SIGKILL');
  await waitUntilGone(processes);
  expect(readdirSync(directory).filter((name) => name.startsWith('data'))).toEqual([]);
});

test('kill -9 of everything during the first start: the next start sets up the data and removes what is half made', async () => {
  const directory = path.join(makeFolder(), 'postgres');
  const { owner, processes } = await interruptFirstStart(directory);
  killAll([...processes, owner.pid!]);
  await waitUntilGone(processes);
  expect(isHalfMade(directory)).toBe(true);
  const next = await startHere(directory);
  expect(await query(next.url, 'SELECT current_database() AS name')).toEqual([{ name: 'evently' }]);
  expect(readdirSync(directory).filter((name) => name.startsWith('data'))).toEqual(['data']);
});

test('Ctrl-C in the terminal and stray signals do not stop Postgres under a server that drains', async () => {
  const { owner, url, guardPid, processes } = await startElsewhere(cluster.directory);
  process.kill(-owner.pid!, 'SIGINT');
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.kill(guardPid, name);
  expect(await query(url, 'INSERT INTO seat VALUES (5) RETURNING number')).toEqual([{ number: 5 }]);
  // Time in which a shutdown would have shown.
  await sleep(200);
  expect(await query(url, 'SELECT number FROM seat WHERE number = 5')).toEqual([{ number: 5 }]);
  expect(processes.every(isAlive)).toBe(true);
  owner.kill('SIGKILL');
  await waitUntilGone(processes);
});

test('a start after the data was given to another user is refused in a sentence', async ({ skip }) => {
  skip(!AS_ROOT, 'only root can give files away');
  const { directory } = cluster;
  const data = path.join(directory, 'data');
  const { uid, gid } = statSync(data);
  chownSync(data, 0, 0);
  onCleanUp(() => chownSync(data, uid, gid));
  await expect(startEmbeddedPostgres({ directory })).rejects.toThrow(
    /belongs to user 0, but Postgres would run as user \d+/,
  );
});
