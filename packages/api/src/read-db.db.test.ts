import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, type Db } from '@evently/db/client';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@evently/db/embedded/start';
import { childrenOf } from '@evently/db/embedded/test-clusters';
import { startReplica, whyNoReplica } from '@evently/db/embedded/test-replica';
import { newId } from '@evently/db/ids';
import { migrate } from '@evently/db/migrate';
import { createTestDatabase } from '@evently/db/testing';
import { findTestHome } from '@evently/db/testing-folder';
import { CompiledQuery, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertUser } from './auth/accounts.ts';
import { createScriptContext, type Services } from './context.ts';
import { noMetrics } from './metrics.ts';
import { createReadDb, LISTINGS } from './read-db.ts';
import { createCaller } from './router.ts';
import { createServices } from './services.ts';
import { type Caller, createTestShow, newKey, standing } from './testing.ts';

const lacking = whyNoReplica();
const suite = 'reads over a primary and a real replica';
if (lacking !== null) console.warn(`SKIPPED: ${suite}: ${lacking}`);

// Nothing of it has to outlive the machine.
const FAST = { fsync: 'off', full_page_writes: 'off', shared_buffers: '16MB' };

describe.skipIf(lacking !== null)(lacking === null ? suite : `${suite} (skipped: ${lacking})`, () => {
  const opened = new AsyncDisposableStack();
  const warnings: string[] = [];
  const log = {
    info: () => undefined,
    warn: (facts: object) => void warnings.push(JSON.stringify(facts)),
    error: () => undefined,
  };
  let folder: string;
  let primary: Db;
  let primaryUrl: string;
  let running: EmbeddedPostgres;
  /** The replica as an operator would work with it. */
  let replica: Db;
  let services: Services;
  let admin: Caller;
  let show: Awaited<ReturnType<typeof createTestShow>>;

  const connect = (url: string) => createDatabase({ url, poolSize: 4 });

  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(path.join(findTestHome(), 'evently-replica-')));
    opened.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
    // Postgres, which root runs as another user, must get to its data.
    chmodSync(folder, 0o755);
    const server = await startEmbeddedPostgres({ directory: path.join(folder, 'primary'), settings: FAST });
    opened.defer(() => server.stop());
    primaryUrl = server.url;
    primary = connect(primaryUrl);
    opened.defer(() => primary.destroy());
    await migrate(primary);
    running = await startReplica(server, path.join(folder, 'replica'), FAST);
    opened.defer(() => running.stop());
    const { url } = running;
    replica = connect(url);
    opened.defer(() => replica.destroy());
    services = createServices({
      db: primary,
      queues: { prepare: async () => CompiledQuery.raw('SELECT') },
      log,
      replica: { open: () => connect(url), openPrimary: () => connect(primaryUrl) },
    });
    opened.defer(() => services.readDb.close());
    opened.defer(() => services.boxOffice.drain());
    const user = { email: `${newId()}@example.com`, name: 'Ada', passwordHash: '-', createdAt: new Date() };
    const { id: userId, email, name } = await insertUser(primary, { ...user, role: 'admin' });
    admin = createCaller(createScriptContext(services, { userId, email, name, role: 'admin' }));
    show = await createTestShow(admin, [standing(100)]);
  });
  afterAll(() => opened.disposeAsync());

  /** Who serves a read of this just now. */
  async function serverOf(about: string, read: Services['readDb'] = services.readDb): Promise<'primary' | 'replica'> {
    const ask = async (db: Db) =>
      (await sql<{ is: boolean }>`SELECT pg_is_in_recovery() AS is`.execute(db)).rows[0]!.is;
    return (await read.read(about, ask)) ? 'replica' : 'primary';
  }
  const until = async (about: string, server: 'primary' | 'replica') => {
    while ((await serverOf(about)) !== server) await sleep(10);
  };
  async function pause(): Promise<void> {
    await sql`SELECT pg_wal_replay_pause()`.execute(replica);
    for (let state = ''; state !== 'paused'; ) {
      const { rows } = await sql<{ state: string }>`SELECT pg_get_wal_replay_pause_state() AS state`.execute(replica);
      state = rows[0]!.state;
    }
  }
  const resume = () => sql`SELECT pg_wal_replay_resume()`.execute(replica);
  const nameOf = async () => (await admin.events.get({ eventId: show.eventId })).name;
  async function rename(name: string): Promise<void> {
    const { version } = await admin.admin.events.get({ eventId: show.eventId });
    await admin.admin.events.update({ eventId: show.eventId, version, name });
  }

  test('a replica that has caught up serves the catalogue, and the primary what was changed here until it has that, too', async () => {
    await until(show.eventId, 'replica');
    await until(LISTINGS, 'replica');
    await pause();
    await rename('Second');
    // The replica is fresh enough for what it knows to be unchanged, and lacks this.
    expect(await nameOf()).toBe('Second');
    expect((await admin.events.list({})).items.map(({ name }) => name)).toEqual(['Second']);
    const { showId, sectionIds } = show;
    const sections = [{ sectionId: sectionIds[0]!, quantity: 2 }];
    await admin.bookings.book({ showId, sections, idempotencyKey: newKey() });
    expect((await admin.events.show({ showId })).sections[0]!.available).toBe(98);
    await resume();
    await until(show.eventId, 'replica');
    expect(await nameOf()).toBe('Second');
  });

  test('a change of one show sends reads of that show and its event to the primary, and no others', async () => {
    const another = newId();
    await until(another, 'replica');
    await pause();
    services.changes.tell({ kind: 'show', showId: show.showId, eventId: show.eventId });
    const asked = [show.showId, show.eventId, another, LISTINGS];
    const servers = await Promise.all(asked.map((about) => serverOf(about)));
    expect(servers).toEqual(['primary', 'primary', 'replica', 'replica']);
    expect(await services.readDb.report(async (db) => db === primary)).toBe(false);
    await resume();
    await until(show.showId, 'replica');
  });

  test('a replica that falls behind is not read from: what others committed is seen within a second', async () => {
    await until(show.eventId, 'replica');
    await pause();
    // By another process that told nobody.
    await sql`UPDATE events SET name = 'Third' WHERE id = ${show.eventId}`.execute(primary);
    const began = performance.now();
    while ((await nameOf()) !== 'Third') await sleep(10);
    expect(services.readDb.ageMs()).toBeGreaterThan(performance.now() - began - 500);
    expect(await serverOf(show.eventId)).toBe('primary');
    await resume();
    await until(show.eventId, 'replica');
  });

  /** Reads all the time; answers what it saw when it is told to stop. */
  function keepReading(): { stop: () => Promise<Set<string>> } & AsyncDisposable {
    let goesOn = true;
    const seen = new Set<string>();
    const readers = Array.from({ length: 8 }, async () => {
      while (goesOn) {
        const name = await nameOf().catch((error: Error) => `${error.name}: ${error.message}`);
        seen.add(name);
      }
    });
    const stop = async () => {
      goesOn = false;
      await Promise.all(readers);
      return seen;
    };
    return { stop, [Symbol.asyncDispose]: async () => void (await stop()) };
  }

  test('a replica that hangs holds up no read for long, and is read from again when it is back', async () => {
    await rename('Fourth');
    await until(show.eventId, 'replica');
    await using readers = keepReading();
    const processes = [running.pid, ...childrenOf(running.pid)];
    for (const pid of processes) process.kill(pid, 'SIGSTOP');
    await until(show.eventId, 'primary');
    for (const pid of processes) process.kill(pid, 'SIGCONT');
    await until(show.eventId, 'replica');
    expect(await readers.stop()).toEqual(new Set(['Fourth']));
  });

  test('a replica that is killed is missed by nobody, and read from again when it is back', async () => {
    await rename('Fifth');
    await until(show.eventId, 'replica');
    warnings.length = 0;
    await using readers = keepReading();
    process.kill(running.pid, 'SIGKILL');
    await running.exited;
    expect(await serverOf(show.eventId)).toBe('primary');
    expect(await services.readDb.report(async (db) => db === primary)).toBe(true);
    const { directory } = running;
    running = await startEmbeddedPostgres({ directory, settings: { ...FAST, primary_conninfo: primaryUrl } });
    await until(show.eventId, 'replica');
    expect(await readers.stop()).toEqual(new Set(['Fifth']));
    // Once, not once per read.
    expect(warnings).toHaveLength(1);
  });

  test('a server that is no replica of the primary is never read from, and the log says why', async () => {
    await using stranger = await createTestDatabase(1);
    const mistakes = [
      { open: primaryUrl, openPrimary: primaryUrl, reason: 'it is no replica' },
      { open: running.url, openPrimary: stranger.url, reason: 'another cluster' },
    ];
    for (const { open, openPrimary, reason } of mistakes) {
      warnings.length = 0;
      const misled = createReadDb({
        primary,
        replica: { open: () => connect(open), openPrimary: () => connect(openPrimary) },
        changes: services.changes,
        metrics: noMetrics,
        log,
      });
      while (warnings.length === 0 && misled.ageMs() === Number.POSITIVE_INFINITY) await sleep(10);
      expect(warnings).toEqual([expect.stringContaining(reason)]);
      expect(await misled.read(show.eventId, async (db) => db === primary)).toBe(true);
      expect(misled.ageMs()).toBe(Number.POSITIVE_INFINITY);
      await misled.close();
    }
  });
});
