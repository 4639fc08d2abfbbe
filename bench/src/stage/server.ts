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
  /** What the process has used of the processor, without Postgres, in milliseconds. */
  cpuMs: () => Promise<number>;
}

const MAIN = path.resolve(import.meta.dirname, '../../../apps/server/src/main.ts');
/** A first start sets up a database and migrates it. */
const START_PATIENCE_MS = 120_000;
const LOOK_AGAIN_MS = 50;

/**
 * Starts the server, to be stopped when the scenario is over.
 *
 * @param preloads files that the process loads before the server's own
 * @throws Error with the server's last words when it does not start
 */
export async function startServer(stage: Stage, preloads: string[] = []): Promise<Server> {
  const { opened, profileFolder, signal } = stage;
  stage.progress.show('Start the server');
  const dataFolder = path.join(stage.folder, 'data');
  const port = await findFreePort();
  const admin = { email: 'admin@bench.example', password: randomBytes(15).toString('base64url') };
  const child = startChild({
    file: MAIN,
    preloads,
    options: profileFolder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`],
    env: {
      ...{ DATA_DIR: dataFolder, HOST: '127.0.0.1', PORT: String(port), DEMO: 'off', LOG_LEVEL: 'warn' },
      ...{ ADMIN_EMAIL: admin.email, ADMIN_PASSWORD: admin.password },
    },
  });
  opened.defer(() => child.stop());
  const url = `http://127.0.0.1:${port}`;
  await waitUntilReady(url, child, signal);
  const databaseUrl = await readFile(path.join(dataFolder, 'postgres.address'), 'utf8');
  const db = createDatabase({ url: databaseUrl, poolSize: 4, applicationName: 'evently-bench', limits: 'none' });
  opened.defer(() => db.destroy());
  const { rows } = await sql<{ version: string }>`SELECT current_setting('server_version') AS version`.execute(db);
  stage.facts.postgres = rows[0]?.version ?? null;
  const { token } = await createEvently({ url }).auth.login(admin);
  return { url, db, databaseUrl, admin: createEvently({ url, token }), cpuMs: child.cpuMs };
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
