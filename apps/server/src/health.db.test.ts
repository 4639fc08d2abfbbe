import { createDatabase } from '@evently/db/client';
import { withDatabase } from '@evently/db/urls';
import Fastify from 'fastify';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerHealth } from './health.ts';
import { startTestServer, type TestServer } from './testing.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

interface Report {
  status: string;
  checks?: Record<string, { status: string; latencyMs: number }>;
}

async function ask(place: '' | '/live' | '/ready'): Promise<[number, Report]> {
  const response = await fetch(`${server.url}/health${place}`);
  return [response.status, (await response.json()) as Report];
}

test('a healthy server says so, and how long its database took', async () => {
  const [status, report] = await ask('');
  expect([status, report]).toMatchObject([200, { status: 'healthy', checks: { database: { status: 'healthy' } } }]);
  expect(report.checks?.database?.latencyMs).toBeGreaterThan(0);
  expect(await ask('/ready')).toEqual([200, { status: 'healthy' }]);
  expect(await ask('/live')).toEqual([200, { status: 'healthy' }]);
});

test('without its database it lives but is not ready, and is again when the database is back', async () => {
  const name = new URL(server.databaseUrl.replace(/^postgres:\/\/\//, 'postgres://socket/')).pathname.slice(1);
  const elsewhere = createDatabase({ url: withDatabase(server.databaseUrl, 'postgres'), poolSize: 1, limits: 'none' });
  const setAllowed = (allowed: boolean) =>
    sql`ALTER DATABASE ${sql.id(name)} WITH ALLOW_CONNECTIONS ${sql.lit(allowed)}`.execute(elsewhere);
  try {
    await setAllowed(false);
    await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${name}`.execute(elsewhere);
    const [status, report] = await ask('');
    expect([status, report]).toMatchObject([
      503,
      { status: 'unhealthy', checks: { database: { status: 'unhealthy' } } },
    ]);
    expect(report.checks?.database?.latencyMs).toEqual(expect.any(Number));
    expect(await ask('/ready')).toEqual([503, { status: 'unhealthy' }]);
    expect(await ask('/live')).toEqual([200, { status: 'healthy' }]);
  } finally {
    await setAllowed(true);
    await elsewhere.destroy();
  }
  expect(await ask('/ready')).toEqual([200, { status: 'healthy' }]);
});

test('a database that hangs is no healthy one', async () => {
  const db = createDatabase({ url: server.databaseUrl, poolSize: 1 });
  await using app = Fastify();
  registerHealth(app, { db, isStopping: () => false });
  const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(db);
  process.kill(rows[0]!.pid, 'SIGSTOP');
  try {
    const hanging = await app.inject('/health');
    expect([hanging.statusCode, hanging.json().status]).toEqual([503, 'unhealthy']);
  } finally {
    process.kill(rows[0]!.pid, 'SIGCONT');
  }
  expect((await app.inject('/health')).statusCode).toBe(200);
  await db.destroy();
});

test('a server that stops lives but is not ready', async () => {
  await using app = Fastify();
  registerHealth(app, { db: server.db, isStopping: () => true });
  const ready = await app.inject('/health/ready');
  expect([ready.statusCode, ready.json()]).toEqual([503, { status: 'unhealthy' }]);
  const all = await app.inject('/health');
  expect([all.statusCode, all.json()]).toMatchObject([
    503,
    { status: 'unhealthy', checks: { database: { status: 'healthy' } } },
  ]);
  expect((await app.inject('/health/live')).statusCode).toBe(200);
});
