import { connect } from 'node:net';
import { createTestDatabase, type TestDatabase } from '@evently/db/testing';
import { createEvently, type Evently } from '@evently/sdk';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  admin,
  cleanUpProcesses,
  findFreePort,
  known,
  makeFolder,
  openShow,
  type RunningServer,
  signIn,
  startServer,
  stopServer,
} from './test-process.ts';

/** One server that logs all it can; what it printed is read at the end. */
let database: TestDatabase;
let server: RunningServer;
const secrets: string[] = [];

/** Something that must never be read in a log. */
function secret(): string {
  const canary = `canary-${secrets.length}-${Math.random().toString(36).slice(2, 12)}`;
  secrets.push(canary);
  return canary;
}

beforeAll(async () => {
  database = await createTestDatabase();
  const port = String(await findFreePort());
  const settings = { ...known, DATABASE_URL: database.url, PORT: port, LOG_LEVEL: 'trace' };
  server = await startServer(settings, makeFolder());
  secrets.push(admin.password);
});
afterAll(async () => {
  await cleanUpProcesses();
  await database[Symbol.asyncDispose]();
});

const call = (path: string, init: RequestInit) => fetch(server.url + path, init).then((response) => response.text());
const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  call(path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });

/** All that was logged until now. */
async function readLog(): Promise<string> {
  const mark = `mark-${Math.random().toString(36).slice(2)}`;
  await call('/health/live', { headers: { 'x-request-id': mark } });
  await server.until(new RegExp(mark));
  return server.stdout();
}

/** What a visitor does from the first visit to a new password, all of it with secrets. */
async function liveThrough(): Promise<Evently> {
  const anybody = createEvently({ url: server.url, retries: 0 });
  const [password, next, wrong] = [secret(), secret(), secret()];
  const email = 'ada@example.com';
  secrets.push((await anybody.auth.register({ email, password, name: 'Ada' })).token);
  const { token } = await anybody.auth.login({ email, password });
  secrets.push(token);
  await expect(anybody.auth.login({ email, password: wrong })).rejects.toThrow();
  const { showId, standing } = await openShow(await signIn(server.url, admin));
  const ada = createEvently({ url: server.url, token, retries: 0 });
  const booking = await ada.bookings.book({
    showId,
    sections: [{ sectionId: standing, quantity: 1 }],
    specialRequests: secret(),
    metadata: { note: secret() },
  });
  await ada.bookings.get({ bookingId: booking.id });
  const renewed = (await ada.auth.changePassword({ current: password, next })).token;
  secrets.push(renewed);
  return createEvently({ url: server.url, token: renewed, retries: 0 });
}

test('no secret that passes through the server is logged, however the request goes wrong', async () => {
  const ada = await liveThrough();
  const [path, header] = ['/api/v1/auth/login', `Bearer ${secret()}`];
  // In headers, which nobody asked for or which do not hold.
  await call('/api/v1/auth/me', {
    headers: { authorization: header, 'x-api-key': secret(), cookie: `token=${secret()}` },
  });
  // In places where secrets have no business, but are sent all the same.
  await call(`/api/v1/events?token=${secret()}`, {});
  await call(`/reset/${secret()}?password=${secret()}`, {});
  await call(`/api/v1/%ff${secret()}`, { headers: { authorization: header } });
  // In bodies that are refused: unknown fields, no JSON, too large, another type.
  await post(path, JSON.stringify({ email: 'a@example.com', password: 'x', [secret()]: secret() }));
  await post(path, `{"password": "${secret()}`);
  await post(path, JSON.stringify({ password: secret().repeat(10_000) }));
  await post(path, `password=${secret()}`, { 'content-type': 'application/x-www-form-urlencoded' });
  await post('/trpc/auth.login', `{"password": "${secret()}`);
  await post('/trpc/auth.login,auth.me?batch=1', JSON.stringify({ 0: { password: secret() } }));
  // In what is no HTTP at all.
  await new Promise((resolve) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('close', resolve).resume();
    socket.write(`BREW / HTTP/1.1\r\nauthorization: ${header}\r\nx-api-key: ${secret()}\r\n\r\n`);
  });
  await ada.auth.logout({});

  const log = await readLog();
  // It does log: a line per request at least.
  expect(log.split('"msg":"answered"').length).toBeGreaterThan(20);
  expect(secrets.filter((text) => log.includes(text))).toEqual([]);
  expect(log).not.toMatch(/ev[ao]_[\w-]{20}|\$argon2/);
});

test('what went wrong on our side is for the log: the caller learns that it did, and where to look', async () => {
  const password = secret();
  await sql`CREATE FUNCTION fail() RETURNS trigger AS 'BEGIN RAISE EXCEPTION ''the inside story''; END' LANGUAGE plpgsql;
    CREATE TRIGGER fail BEFORE INSERT ON users FOR EACH ROW WHEN (NEW.name = 'Eve') EXECUTE FUNCTION fail();
    ALTER TABLE users ADD CONSTRAINT no_mallory CHECK (name <> 'Mallory')`.execute(database.db);
  for (const name of ['Eve', 'Mallory']) {
    const body = JSON.stringify({ email: `${name}@example.com`, password, name });
    const rest = await post('/api/v1/auth/register', body, { 'x-request-id': `${name}-rest` });
    expect(JSON.parse(rest)).toEqual({
      type: 'urn:evently:problem:internal',
      code: 'internal',
      title: 'Something went wrong on our side',
      status: 500,
      detail: 'Something went wrong on our side.',
      retryable: false,
      requestId: `${name}-rest`,
    });
    const trpc = await post('/trpc/auth.register', body, { 'x-request-id': `${name}-trpc` });
    expect(JSON.parse(trpc).error.json).toEqual({
      code: -32603,
      message: 'Something went wrong on our side.',
      data: {
        httpStatus: 500,
        requestId: `${name}-trpc`,
        problem: {
          code: 'internal',
          title: 'Something went wrong on our side',
          status: 500,
          detail: 'Something went wrong on our side.',
          retryable: false,
        },
      },
    });
  }
  const log = await readLog();
  const lines = log
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('{'));
  const failures = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'a procedure failed');
  expect(failures.map(({ requestId, procedure, err }) => [requestId, procedure, err.code])).toEqual([
    ['Eve-rest', 'auth.register', 'P0001'],
    ['Eve-trpc', 'auth.register', 'P0001'],
    ['Mallory-rest', 'auth.register', '23514'],
    ['Mallory-trpc', 'auth.register', '23514'],
  ]);
  expect(failures[0].err.message).toBe('the inside story');
  expect(failures[0].err.stack).toContain('register.ts');
  // Postgres quotes the row that it refused, with the hash of its password.
  expect(log).not.toContain('$argon2');
  expect(log).not.toContain(password);
});

test('stopping prints none either', async () => {
  const { code, stdout, stderr } = await stopServer(server);
  expect(code).toBe(0);
  expect(secrets.filter((text) => (stdout + stderr).includes(text))).toEqual([]);
});
