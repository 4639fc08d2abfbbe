import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import type { Db } from '@evently/db/client';
import { killAll, waitUntilGone } from '@evently/db/embedded/test-clusters';
import { createTestDatabase } from '@evently/db/testing';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  admin,
  cleanUpProcesses,
  type Environment,
  findFreePort,
  holdTable,
  known,
  listenSomewhere,
  makeFolder,
  openDatabaseOf,
  openShow,
  processesNaming,
  type RunningServer,
  signIn,
  spawnServer,
  startServer,
  type TestProcess,
  untilWaiting,
} from './test-process.ts';

let folder: string;
/** Of the server that the tests share, as long as it runs. */
let settings: Environment;
/** Of servers that never come to run. */
let otherDataDir: string;

beforeAll(async () => {
  folder = makeFolder();
  settings = { ...known, DATA_DIR: path.join(folder, 'data'), PORT: String(await findFreePort()) };
  otherDataDir = path.join(folder, 'other');
});
afterAll(cleanUpProcesses);

const open: Db[] = [];
function databaseOf(): Db {
  const db = openDatabaseOf(settings.DATA_DIR!);
  open.push(db);
  return db;
}
afterEach(async () => {
  for (const db of open.splice(0)) await db.destroy();
});

let running: RunningServer | null = null;
/** The server that an earlier test left running, or else a new one. */
async function serve(): Promise<RunningServer> {
  running ??= await startServer(settings, folder);
  return running;
}
/** The same, for a test that ends it. */
async function serveToTheEnd(): Promise<RunningServer> {
  const server = await serve();
  running = null;
  return server;
}

/** Sends bytes on a connection of its own, and listens. */
function say(url: string, bytes: string): { socket: Socket; heard: () => string; closed: Promise<unknown> } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let heard = '';
  socket.on('data', (chunk) => {
    heard += chunk.toString();
  });
  socket.on('error', () => undefined);
  socket.write(bytes);
  return { socket, heard: () => heard, closed: once(socket, 'close') };
}

async function untilRefusing(url: string): Promise<void> {
  for (;;) {
    const refused = await fetch(`${url}/health/live`).then(
      () => false,
      () => true,
    );
    if (refused) return;
    await sleep(10);
  }
}

async function expectNothingLeft(family: readonly number[], dataDir = settings.DATA_DIR!): Promise<void> {
  await waitUntilGone(family);
  expect(processesNaming(dataDir)).toEqual([]);
}

test('a new server says where it is, and its admin can sign in', async () => {
  const server = await serve();
  expect(server.url).toBe(`http://127.0.0.1:${settings.PORT}`);
  for (const place of ['/docs', '/api/v1', '/trpc', '/health']) expect(server.stdout()).toContain(server.url + place);
  expect(server.stdout()).not.toContain(admin.password);
  // A file or a pipe gets no escape codes.
  expect(stripVTControlCharacters(server.stdout())).toBe(server.stdout());
  const office = await signIn(server.url, admin);
  expect(await office.auth.me({})).toMatchObject({ email: admin.email, role: 'admin' });
});

describe('a server that is told to stop', () => {
  test('answers what is under way, takes in nothing new, and leaves no process', async () => {
    const server = await serveToTheEnd();
    const family = server.family();
    // The server, the guard of Postgres, and Postgres itself at least.
    expect(family.length).toBeGreaterThan(2);
    const office = await signIn(server.url, admin);
    const show = await openShow(office);
    const db = databaseOf();
    await using held = await holdTable(db, 'events');
    // Different ones: the same question is asked once, however many ask it.
    const underWay = Array.from({ length: 5 }, (_, n) => fetch(`${server.url}/api/v1/events?limit=${n + 1}`));
    const half = say(server.url, `GET /api/v1/shows/${show.showId} HTTP/1.1\r\nhost: localhost\r\n`);
    await untilWaiting(db, 5);

    server.signal('SIGTERM');
    await untilRefusing(server.url);
    // What was still on its way is told to come back.
    half.socket.write('\r\n');
    await half.closed;
    expect(half.heard()).toMatch(/^HTTP\/1.1 503 .*\r\nretry-after: 1\r\n.*"code":"unavailable"/s);
    await held.release();
    expect((await Promise.all(underWay)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    // Their connections are not waited for.
    const { code, stdout, stderr } = await server.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('longer than');
    // Nor does Postgres cut anything short.
    expect(stdout).not.toContain('connection was lost');
    await expectNothingLeft(family);
  });

  test('finishes a booking that is being written, which is there at the next start', async () => {
    const server = await serveToTheEnd();
    const office = await signIn(server.url, admin);
    const { showId, standing } = await openShow(office);
    const db = databaseOf();
    await sql`CREATE FUNCTION slow() RETURNS trigger AS 'BEGIN PERFORM pg_sleep(1); RETURN NEW; END' LANGUAGE plpgsql;
      CREATE TRIGGER slow BEFORE INSERT ON bookings FOR EACH ROW EXECUTE FUNCTION slow()`.execute(db);
    const booked = office.bookings.book({ showId, sections: [{ sectionId: standing, quantity: 1 }] });
    for (let asleep = false; !asleep; ) {
      const { rows } = await sql`SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'`.execute(db);
      asleep = rows.length > 0;
    }
    server.signal('SIGTERM');
    const { id } = await booked;
    expect(await server.ended).toMatchObject({ code: 0 });

    const next = await signIn((await serve()).url, admin);
    expect(await next.bookings.get({ bookingId: id })).toMatchObject({ status: 'confirmed' });
    await sql`DROP FUNCTION slow CASCADE`.execute(databaseOf());
  });

  test('twice, ends at once, whatever is under way', async () => {
    const server = await serveToTheEnd();
    const family = server.family();
    const db = databaseOf();
    await using _held = await holdTable(db, 'events');
    const cutOff = fetch(`${server.url}/api/v1/events`).then(
      () => 'answered',
      () => 'cut off',
    );
    await untilWaiting(db, 1);
    server.signal('SIGINT');
    await untilRefusing(server.url);
    server.signal('SIGINT');
    const { code, stdout } = await server.ended;
    expect(code).toBe(1);
    // It was not its patience that ran out.
    expect(stdout).not.toMatch(/longer than|not everything stopped/);
    expect(await cutOff).toBe('cut off');
    await expectNothingLeft(family);
  });

  test('while Postgres starts, ends before it is open, which is no failure, and leaves no process', async () => {
    const server = spawnServer({ ...settings, DATA_DIR: otherDataDir }, folder);
    const family = await untilGuarded(server);
    server.signal('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0, stderr: STOPPED_EARLY });
    expect(server.stdout()).not.toContain('is open at');
    await expectNothingLeft(family, otherDataDir);
  });

  test('in the middle of getting ready, ends before it is open', async () => {
    await using database = await createTestDatabase();
    await using held = await holdTable(database.db, 'users');
    const server = spawnServer({ ...settings, DATABASE_URL: database.url, DEMO: 'on' }, folder);
    await untilWaiting(database.db, 1);
    server.signal('SIGTERM');
    await held.release();
    expect(await server.ended).toMatchObject({ code: 0, stderr: STOPPED_EARLY });
    expect(server.stdout()).not.toContain('is open at');
  });
});

const STOPPED_EARLY = '\nEvently stopped.\nSIGTERM came before it was open.\n';

/** Waits for the guard of Postgres, which is the server's first child. */
async function untilGuarded(server: TestProcess): Promise<number[]> {
  for (;;) {
    const family = server.family();
    if (family.length > 1) return family;
    await sleep(5);
  }
}

test('a second server over the same data is refused in a sentence, and the first goes on', async () => {
  const first = await serve();
  const second = await spawnServer({ ...settings, PORT: String(await findFreePort()) }, folder).ended;
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(
    /^\nEvently did not start, or ended\.\nAnother Evently .* choose another DATA_DIR\.\n$/,
  );
  expect(second.stderr).toContain(`(process ${first.pid})`);
  expect((await (await signIn(first.url, admin)).auth.me({})).email).toBe(admin.email);
  // Commands still find its Postgres.
  expect((await sql`SELECT 1`.execute(databaseOf())).rows).toHaveLength(1);
});

test('a port that is taken is named, and nothing is left running', async () => {
  await using other = await listenSomewhere();
  const { code, stderr } = await spawnServer({ ...settings, DATA_DIR: otherDataDir, PORT: String(other.port) }, folder)
    .ended;
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      '\nEvently did not start, or ended.\n' +
      `Another program listens on port ${other.port} already. Stop it, or set PORT to another number.\n`,
  });
  await expectNothingLeft([], otherDataDir);
});

test('a server whose Postgres dies says so and ends, and the next start recovers', async () => {
  const server = await serveToTheEnd();
  const family = server.family();
  const pidFile = path.join(settings.DATA_DIR!, 'postgres', 'data', 'postmaster.pid');
  killAll([Number(readFileSync(pidFile, 'utf8').split('\n')[0])]);
  const { code, stderr } = await server.ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^\nEvently did not start, or ended\.\nPostgres ended: .*SIGKILL.*\n$/);
  await expectNothingLeft(family);
  await signIn((await serve()).url, admin);
});
