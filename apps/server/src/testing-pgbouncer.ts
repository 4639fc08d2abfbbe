/** A real PgBouncer for tests, in transaction mode, which ends with the process that started it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '@evently/db/embedded/server-settings';
import { asUser, findNobody, isRoot } from '@evently/db/embedded/service-user';
import { query } from '@evently/db/embedded/test-clusters';
import { withDatabase } from '@evently/db/urls';

export interface TestPooler extends AsyncDisposable {
  /** Leads to the same database as the URL it was started with. */
  url: string;
  /** How many transactions went through it so far. */
  countTransactions: () => Promise<number>;
}

/** Debian keeps it where only root's PATH leads. Null: there is none. */
export function findPgbouncer(): string | null {
  if (process.platform === 'win32') return null;
  const find = 'command -v pgbouncer || PATH=/usr/sbin:/usr/local/sbin command -v pgbouncer';
  const found = spawnSync('/bin/sh', ['-c', find], { encoding: 'utf8' }).stdout.trim();
  return path.isAbsolute(found) ? found : null;
}

/** A shell that ends the pooler when its own input ends, because we are gone. */
const LEASH = '"$@" </dev/null & pooler=$!; cat >/dev/null; kill -KILL "$pooler"; wait "$pooler"';
const KEPT_WORDS = 4000;

/**
 * Pools connections to a database, in transaction mode.
 *
 * @param connections at most this many to Postgres
 * @throws Error with what PgBouncer said, when it does not start
 */
export async function startPgbouncer(program: string, databaseUrl: string, connections: number): Promise<TestPooler> {
  const { hostname, port, pathname, searchParams, username, password } = new URL(databaseUrl);
  const socketFolder = searchParams.get('host');
  const database = decodeURIComponent(pathname.slice(1));
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'evently-pooler-')));
  const listenPort = await findFreePort();
  const target = {
    host: socketFolder ?? hostname,
    port: port || '5432',
    dbname: database,
    user: decodeURIComponent(username),
    ...(password ? { password: decodeURIComponent(password) } : {}),
  };
  const file = path.join(folder, 'pgbouncer.ini');
  const lines = [
    '[databases]',
    `${database} = ${Object.entries(target)
      .map(([key, value]) => `${key}='${value.replaceAll("'", "''")}'`)
      .join(' ')}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${listenPort}`,
    'unix_socket_dir =',
    'auth_type = any',
    `stats_users = ${target.user}`,
    'pool_mode = transaction',
    `default_pool_size = ${connections}`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  // It refuses to run as root; and whoever owns the socket may use it.
  const user = isRoot() ? (socketFolder ? statSync(socketFolder) : findNobody()) : undefined;
  if (user) {
    for (const name of [folder, file]) chownSync(name, user.uid, user.gid);
    chmodSync(folder, 0o700);
  }

  const leash = spawn('/bin/sh', ['-c', LEASH, 'evently-pooler', program, '-q', file], {
    cwd: folder,
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'pipe'],
    ...asUser(user),
  });
  let words = '';
  leash.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-KEPT_WORDS);
  });
  const stop = async () => {
    leash.stdin.end();
    if (leash.exitCode === null && leash.signalCode === null) await once(leash, 'close');
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; !(await answers(listenPort)); tries += 1) {
    if (tries === 200) {
      await stop();
      throw new Error(`PgBouncer did not start: ${words}`);
    }
    await sleep(10);
  }
  const url = `postgresql://${username}@127.0.0.1:${listenPort}/${database}?sslmode=disable`;
  return {
    url,
    async countTransactions() {
      const totals = await query(withDatabase(url, 'pgbouncer'), 'SHOW STATS_TOTALS');
      return Number(totals.find((row) => row.database === database)?.xact_count ?? 0);
    },
    [Symbol.asyncDispose]: stop,
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      resolve(true);
      socket.destroy();
    });
    socket.on('error', () => resolve(false));
  });
}
