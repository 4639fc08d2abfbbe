import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, type Db } from '@evently/db/client';
import { createEvently, type Evently } from '@evently/sdk';
import { sql } from 'kysely';
import type { Stage } from '../scenario.ts';
import { type Child, startChild } from './child.ts';

/** Our server, as it really runs: a process of its own on its embedded Postgres, with durable defaults. */
export interface Server {
  url: string;
  /** The same database, beside the server. */
  db: Db;
  databaseUrl: string;
  /** The SDK, signed in as an admin. */
  admin: Evently;
  adminToken: string;
  /** What the process has used of the processor, without Postgres, in milliseconds. */
  cpuMs: () => Promise<number>;
  /** The memory of the process, in bytes. */
  rssBytes: () => Promise<number>;
  /** Asks a file that was loaded before it, as `Child.ask`. */
  ask: Child['ask'];
}

export interface ServerSettings {
  /** Files that the process loads before the server's own. */
  preloads?: string[];
  /** What its folder is called within the scenario's; another one for each server. */
  folder?: string;
  /** Further settings. */
  env?: Record<string, string>;
  /** A server whose Postgres it shares. */
  beside?: Server;
}

const MAIN = path.resolve(import.meta.dirname, '../../../apps/server/src/main.ts');
/** A first start sets up a database and migrates it. */
const START_PATIENCE_MS = 120_000;
const LOOK_AGAIN_MS = 50;
/** The limits are on and counted, as for everybody, but no generator reaches them: they are not what is measured. */
const LIMITS = {
  RATE_LIMIT_GENERAL: '1000000000',
  RATE_LIMIT_BOOKING: '1000000000',
  WAITING_ROOM_THRESHOLD: '1000000',
};

/**
 * Starts the server, to be stopped when the scenario is over.
 *
 * @throws Error with the server's last words when it does not start
 */
export async function startServer(stage: Stage, settings: ServerSettings = {}): Promise<Server> {
  const { opened, profileFolder, signal } = stage;
  const { preloads = [], folder = 'data', env = {}, beside } = settings;
  stage.progress.show('Start the server');
  const dataFolder = path.join(stage.folder, folder);
  const port = await findFreePort();
  const admin = { email: 'admin@bench.example', password: randomBytes(15).toString('base64url') };
  const child = startChild({
    file: MAIN,
    preloads,
    options: profileFolder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`],
    env: {
      ...{ DATA_DIR: dataFolder, HOST: '127.0.0.1', PORT: String(port), DEMO: 'off', LOG_LEVEL: 'warn' },
      ...{ ADMIN_EMAIL: admin.email, ADMIN_PASSWORD: admin.password, ...LIMITS },
      ...(beside ? { DATABASE_URL: beside.databaseUrl } : {}),
      ...env,
    },
  });
  opened.defer(() => child.stop());
  const url = `http://127.0.0.1:${port}`;
  await waitUntilReady(url, child, signal);
  const { cpuMs, rssBytes, ask } = child;
  if (beside) {
    const { db, databaseUrl, adminToken } = beside;
    return { url, db, databaseUrl, adminToken, admin: createEvently({ url, token: adminToken }), cpuMs, rssBytes, ask };
  }
  const databaseUrl = await readFile(path.join(dataFolder, 'postgres.address'), 'utf8');
  const db = createDatabase({ url: databaseUrl, poolSize: 4, applicationName: 'evently-bench', limits: 'none' });
  opened.defer(() => db.destroy());
  const { rows } = await sql<{ version: string }>`SELECT current_setting('server_version') AS version`.execute(db);
  stage.facts.postgres = rows[0]?.version ?? null;
  const { token } = await createEvently({ url }).auth.login(admin);
  const office = { admin: createEvently({ url, token }), adminToken: token };
  return { url, db, databaseUrl, ...office, cpuMs, rssBytes, ask };
}

async function waitUntilReady(url: string, child: Child, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + START_PATIENCE_MS;
  while (performance.now() < deadline) {
    const ended = await Promise.race([child.ended, sleep(LOOK_AGAIN_MS, null, { signal })]);
    if (ended !== null) throw new Error(ended);
    const ready = await fetch(`${url}/health/ready`, { signal }).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
  }
  throw new Error(`the server was not ready after ${START_PATIENCE_MS / 1000} s`);
}

/** A port that is free now; somebody may take it before the server does, which then says so. */
async function findFreePort(): Promise<number> {
  const probe = net.createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port is free');
  return address.port;
}
