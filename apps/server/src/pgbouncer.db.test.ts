import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { insertUser } from '@evently/api/auth/accounts';
import { createSessions } from '@evently/api/auth/sessions';
import { createChanges } from '@evently/api/changes';
import { listViolations } from '@evently/api/integrity/invariants';
import { newId, shardOf } from '@evently/db/ids';
import { createTestDatabase } from '@evently/db/testing';
import { createEvently, type Evently, isProblem } from '@evently/sdk';
import { afterEach, describe, expect, test } from 'vitest';
import {
  admin,
  cleanUpProcesses,
  findFreePort,
  known,
  makeFolder,
  openShow,
  signIn,
  startServer,
} from './test-process.ts';
import { findPgbouncer, startPgbouncer } from './testing-pgbouncer.ts';

afterEach(cleanUpProcesses);

const program = findPgbouncer();
const suite = 'a server behind PgBouncer in transaction mode';
const why = 'no pgbouncer on the PATH';
if (program === null) console.warn(`SKIPPED: ${suite}: ${why}`);

/** Fewer than the server's own pool opens to the pooler. */
const CONNECTIONS = 4;
const BUYERS = 24;
const SEATS = 6;

describe.skipIf(program === null)(program === null ? `${suite} (skipped: ${why})` : suite, () => {
  test('signs in, books, confirms, cancels, mails and sells each seat of a race once', async () => {
    await using database = await createTestDatabase(4);
    const { db } = database;
    await using pooler = await startPgbouncer(program!, database.url, CONNECTIONS);
    const folder = makeFolder();
    const urls = { DATABASE_URL: pooler.url, DATABASE_DIRECT_URL: database.url, REDIS: 'off' };
    const server = await startServer(
      { ...known, ...urls, DATA_DIR: folder, PORT: String(await findFreePort()) },
      folder,
    );
    const office = await signIn(server.url, admin);
    const { showId, standing, seatIds } = await openShow(office);

    const places = [{ sectionId: standing, quantity: 2 }];
    const booked = await office.bookings.book({ showId, sections: places });
    const held = await office.bookings.hold({ showId, seatIds: seatIds.slice(100, 102) });
    const confirmed = await office.bookings.confirm({ bookingId: held.id });
    const cancelled = await office.bookings.cancel({ bookingId: booked.id });
    const read = await office.bookings.get({ bookingId: held.id });
    expect([booked, held, confirmed, cancelled, read].map(({ status }) => status)).toEqual([
      ...['confirmed', 'held', 'confirmed', 'cancelled', 'confirmed'],
    ]);

    const sessions = createSessions(db, { days: 7, changes: createChanges({ error: () => undefined }) });
    const buyers = await Promise.all(
      Array.from({ length: BUYERS }, async (): Promise<Evently> => {
        const user = { email: `${newId()}@example.com`, name: 'Ada', passwordHash: '-', createdAt: new Date() };
        const { token } = await sessions.create(db, await insertUser(db, { ...user, role: 'user' }));
        return createEvently({ url: server.url, token, retries: 0 });
      }),
    );
    // Everybody wants two seats, each of which somebody else wants, too; and looks what is on meanwhile.
    const outcomes = await Promise.all(
      buyers.flatMap((buyer, n) => [
        ...[n % SEATS, (n + 1) % SEATS].map(async (seat) => {
          try {
            return (await buyer.bookings.book({ showId, seatIds: [seatIds[seat]!] })).status;
          } catch (error) {
            return isProblem(error) ? error.problem.code : String(error);
          }
        }),
        buyer.events.list({}).then(({ items }) => `${items.length} listed`),
      ]),
    );
    const tally = new Map<string, number>();
    for (const outcome of outcomes) tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
    expect(Object.fromEntries(tally)).toEqual({
      confirmed: SEATS,
      seat_taken: BUYERS * 2 - SEATS,
      '1 listed': BUYERS,
    });
    const { states } = await office.events.seatStates({ showId });
    expect(states.slice(0, SEATS + 1)).toBe(`${'b'.repeat(SEATS)}a`);
    expect(await listViolations(db, { showId, shard: shardOf(showId) })).toEqual([]);

    expect(await pooler.countTransactions()).toBeGreaterThan(BUYERS * 2);
    // Jobs that were left through it are found by the worker, which goes past it.
    const outbox = path.join(folder, 'outbox');
    const mails = () => (existsSync(outbox) ? readdirSync(outbox).length : 0);
    // The booking that was cancelled may have been so before its mail was due.
    await expect.poll(mails, { timeout: 30_000 }).toBeGreaterThan(SEATS);
  });
});
