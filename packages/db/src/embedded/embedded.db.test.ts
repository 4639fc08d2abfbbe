import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { isAlive } from './process-state.ts';
import { findNobody } from './service-user.ts';
import { startEmbeddedPostgres } from './start.ts';
import {
  AS_ROOT,
  childrenOf,
  cleanUp,
  freezeBackend,
  makeCluster,
  makeFolder,
  moveCluster,
  onCleanUp,
  query,
  refusalOf,
  spawnOwner,
  startHere,
  type TestCluster,
  waitUntilGone,
} from './test-clusters.ts';

/** With a table of seats; the tests share it, and each starts it again. */
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await makeCluster('CREATE TABLE seat AS SELECT 42 AS number');
});
afterEach(cleanUp);
afterAll(() => cluster.remove());

test('the database is evently, owned by its role, durable and the same on every machine', async () => {
  const postgres = await startHere(cluster.directory);
  const [row] = await query(
    postgres.url,
    `SELECT current_database() AS database, pg_get_userbyid(datdba) AS owner, datlocprovider::text AS provider, datlocale AS locale,
       pg_encoding_to_char(encoding) AS encoding, current_setting('server_version_num')::int / 10000 AS major,
       current_setting('fsync') AS fsync, current_setting('data_checksums') AS checksums, current_setting('jit') AS jit,
       current_setting('TimeZone') AS zone FROM pg_database WHERE datname = current_database()`,
  );
  expect(row).toEqual({
    database: 'evently',
    owner: 'evently',
    provider: 'b',
    locale: 'C.UTF-8',
    encoding: 'UTF8',
    major: 18,
    fsync: 'on',
    checksums: 'on',
    jit: 'off',
    zone: 'UTC',
  });
});

test('a later start finds the committed rows, and many connections work side by side', async () => {
  const postgres = await startHere(cluster.directory);
  const clients = Array.from({ length: 20 }, () => new Client({ connectionString: postgres.url }));
  await Promise.all(clients.map((client) => client.connect()));
  // Each holds a transaction open while all the others read.
  await Promise.all(clients.map((client) => client.query('BEGIN')));
  const answers = await Promise.all(clients.map((client) => client.query('SELECT number, pg_backend_pid() FROM seat')));
  await Promise.all(clients.map((client) => client.end()));
  expect(answers.map((answer) => answer.rows[0].number)).toEqual(clients.map(() => 42));
  expect(new Set(answers.map((answer) => answer.rows[0].pg_backend_pid)).size).toBe(clients.length);
});

test('settings of the caller win over ours', async () => {
  const postgres = await startHere(cluster.directory, { shared_buffers: '16MB', fsync: 'off' });
  expect(
    await query(postgres.url, "SELECT current_setting('shared_buffers') AS buffers, current_setting('fsync') AS fsync"),
  ).toEqual([{ buffers: '16MB', fsync: 'off' }]);
});

test('a setting that Postgres refuses, and one that is ours to make, are refused in a sentence', async () => {
  const { directory } = cluster;
  const wrong = await refusalOf(startEmbeddedPostgres({ directory, settings: { max_connections: 'plenty' } }));
  expect(wrong).toMatch(
    /^The embedded Postgres in .* did not start: invalid value for parameter "max_connections": "plenty"/,
  );
  expect(wrong).toContain(directory);
  expect(await refusalOf(startEmbeddedPostgres({ directory, settings: { port: '1' } }))).toBe(
    'The setting port of the embedded Postgres is decided by Evently and cannot be changed.',
  );
});

test('stop ends Postgres, its guard and the watcher, also when asked twice', async () => {
  const postgres = await startHere(cluster.directory);
  const processes = [postgres.guardPid, ...childrenOf(postgres.guardPid)];
  expect(processes).toContain(postgres.pid);
  await Promise.all([postgres.stop(), postgres.stop()]);
  expect(processes.filter(isAlive)).toEqual([]);
  expect(await postgres.exited).toEqual({ asked: true, reason: 'Postgres was stopped.' });
});

test.runIf(AS_ROOT)(
  'started by root, Postgres runs as nobody, and others can enter neither data nor socket',
  async () => {
    const postgres = await startHere(cluster.directory);
    const { uid } = findNobody();
    for (const name of ['data', 'socket']) {
      const found = statSync(path.join(postgres.directory, name));
      expect([found.uid, found.mode & 0o777]).toEqual([uid, 0o700]);
    }
    expect(statSync(path.join(postgres.directory, 'postgres.log')).uid).toBe(0);
    expect(statSync(`/proc/${postgres.pid}`).uid).toBe(uid);
    const [row] = await query(postgres.url, "SELECT pg_read_file('/proc/self/status') AS status");
    expect(row?.status).toMatch(/^Groups:\s*$/m);
  },
);

test('a second start over the same data is refused, names folder and process, and leaves the first alone', async () => {
  const postgres = await startHere(cluster.directory);
  expect(await refusalOf(startEmbeddedPostgres({ directory: postgres.directory }))).toBe(
    `Another Evently (process ${process.pid}) already uses the embedded Postgres in ${postgres.directory}: stop it first, or choose another DATA_DIR.`,
  );
  expect(await query(postgres.url, 'SELECT number FROM seat')).toEqual([{ number: 42 }]);
});

test('two first starts at the same moment: one wins, the other is refused, and the data is whole', async () => {
  const directory = path.join(makeFolder(), 'postgres');
  const attempts = await Promise.allSettled([startHere(directory), startHere(directory)]);
  const won = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  const lost = attempts.flatMap((attempt) =>
    attempt.status === 'rejected' ? [(attempt.reason as Error).message] : [],
  );
  expect(lost).toEqual([expect.stringMatching(/^Another Evently \(process \d+\) already uses/)]);
  expect(won).toHaveLength(1);
  expect(await query(won[0]!.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(readdirSync(directory).filter((name) => name.startsWith('data'))).toEqual(['data']);
});

test('data of another PostgreSQL version is refused and not touched', async () => {
  const { directory } = cluster;
  const version = path.join(directory, 'data', 'PG_VERSION');
  writeFileSync(version, '17\n');
  onCleanUp(() => writeFileSync(version, '18\n'));
  expect(await refusalOf(startEmbeddedPostgres({ directory }))).toMatch(
    /belongs to PostgreSQL 17, but this Evently brings PostgreSQL 18: move it over/,
  );
  expect(readFileSync(version, 'utf8')).toBe('17\n');
});

test('a data folder that holds something else is refused and not touched', async () => {
  const { directory } = cluster;
  const version = path.join(directory, 'data', 'PG_VERSION');
  rmSync(version);
  onCleanUp(() => writeFileSync(version, '18\n'));
  expect(await refusalOf(startEmbeddedPostgres({ directory }))).toMatch(/is not empty, but holds no Postgres data/);
  expect(existsSync(path.join(directory, 'data', 'base'))).toBe(true);
});

test('a folder whose path is too long for a socket is served over TCP, with a password that only we can read', async () => {
  const directory = path.join(makeFolder(), 'x'.repeat(80), 'postgres');
  moveCluster(cluster.directory, directory);
  const first = await startHere(directory);
  expect(first.port).toBeGreaterThan(0);
  expect(await query(first.url, 'SELECT current_user AS name')).toEqual([{ name: 'evently' }]);
  const password = path.join(first.directory, 'password');
  expect(statSync(password).mode & 0o777).toBe(0o600);
  const guessed = first.url.replace(/:[^:@]+@/, ':guess@');
  await expect(query(guessed, 'SELECT 1')).rejects.toThrow('password authentication failed');
  await first.stop();
  // A cluster whose password got lost would be lost itself, were it not given another one.
  rmSync(password);
  const second = await startHere(directory);
  expect(await query(second.url, 'SELECT number FROM seat')).toEqual([{ number: 42 }]);
});

test('a socket is used wherever its path is short enough, with no port and no password', async () => {
  const directory = path.join(makeFolder(), `a, "b" 'c' %41é`, 'postgres');
  moveCluster(cluster.directory, directory);
  const postgres = await startHere(directory);
  expect([postgres.directory, postgres.port]).toEqual([directory, undefined]);
  expect(await query(postgres.url, "SELECT current_setting('listen_addresses') AS addresses")).toEqual([
    { addresses: '' },
  ]);
});

test('Postgres does not keep the process alive that started it', async () => {
  const owner = spawnOwner(cluster.directory, undefined, 'leave');
  expect(await new Promise((resolve) => owner.once('exit', resolve))).toBe(0);
});

test('a start while the previous one still stops waits for it', async () => {
  const postgres = await startHere(cluster.directory);
  const backend = await freezeBackend(postgres.url);
  // Longer than a second start waits for an owner that has no thought of stopping.
  const thawed = sleep(800).then(() => backend.thaw());
  const [next] = await Promise.all([startHere(cluster.directory), postgres.stop(), thawed]);
  expect(await query(next.url, 'SELECT number FROM seat')).toEqual([{ number: 42 }]);
});

test.runIf(existsSync('/proc/self/environ'))(
  'neither Postgres nor its guard inherits our environment, which holds secrets',
  async () => {
    process.env.EVENTLY_TEST_CANARY = 'canary';
    const postgres = await startHere(cluster.directory).finally(() => delete process.env.EVENTLY_TEST_CANARY);
    for (const pid of [postgres.guardPid, ...childrenOf(postgres.guardPid)]) {
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('canary');
    }
    await postgres.stop();
    await waitUntilGone([postgres.pid]);
  },
);
