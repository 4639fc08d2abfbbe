import { setTimeout as sleep } from 'node:timers/promises';
import { listViolations } from '@evently/api/integrity/invariants';
import type { Db } from '@evently/db/client';
import { newId, shardOf } from '@evently/db/ids';
import { createTestDatabase, type TestDatabase } from '@evently/db/testing';
import { createEvently } from '@evently/sdk';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeBuyers, startServerOn, workOff } from './test-buyers.ts';
import { crash } from './test-crash.ts';
import { admin, cleanUpProcesses, type OpenShow, openShow, type RunningServer, signIn } from './test-process.ts';

const SALES = 200;
const HOLDS = 20;
/** Charges of which nobody knows whether they succeeded when the event is cancelled. */
const LOST = 5;
const WAITING = 300;
const PRICE = 1500;
/** How far the work has come at most when the process is killed for the n-th time: every booking and every refund counts. */
const KILLED_BEFORE = [1, SALES, 2 * SALES];

let database: TestDatabase;
let show: OpenShow;
let eventId: string;
let server: RunningServer;

beforeAll(async () => {
  database = await createTestDatabase(5);
  server = await startServerOn(database.url, null);
  const office = await signIn(server.url, admin);
  // No place is left on the floor, so that others may wait for one.
  show = await openShow(office, { floor: SALES + HOLDS + LOST });
  const { version, ...its } = await office.events.show({ showId: show.showId });
  eventId = its.eventId;
  const prices = [{ sectionId: show.standing, amount: PRICE }];
  await office.admin.shows.update({ showId: show.showId, version, prices });
  const tokens = await makeBuyers(database.db, SALES + HOLDS + LOST + WAITING);
  const buyers = tokens.slice(WAITING).entries();
  await workOff(buyers, 32, ([n, token]) => buy(token, n < SALES ? 'pm_ok' : n < SALES + HOLDS ? null : 'pm_lost'));
  await workOff(tokens.slice(0, WAITING), 32, wait);
});
afterAll(async () => {
  await cleanUpProcesses();
  await database[Symbol.asyncDispose]();
});

/** Books a place by this payment, or holds it. */
async function buy(accessToken: string, payment: string | null): Promise<void> {
  const { bookings } = createEvently({ url: server.url, token: accessToken, retries: 0 });
  const sections = [{ sectionId: show.standing, quantity: 1 }];
  const wish = { showId: show.showId, sections, idempotencyKey: newId() };
  if (payment === null) await bookings.hold(wish);
  // Of a lost reply the caller learns nothing.
  else await bookings.book({ ...wish, payment: { provider: 'sandbox', token: payment } }).catch(() => undefined);
}

async function wait(accessToken: string): Promise<void> {
  const { waitlist } = createEvently({ url: server.url, token: accessToken, retries: 0 });
  await waitlist.join({ showId: show.showId, sectionId: show.standing, quantity: 1, idempotencyKey: newId() });
}

/** How many bookings are cancelled and how many refunds are made, together. */
async function countDone(db: Db): Promise<number> {
  const { rows } = await sql<{ done: number }>`
    SELECT ((SELECT count(*) FROM bookings WHERE status = 'cancelled')
      + (SELECT count(*) FROM payments WHERE kind = 'refund' AND status = 'succeeded'))::int AS done`.execute(db);
  return rows[0]!.done;
}

async function killAt(count: number): Promise<void> {
  while ((await countDone(database.db)) < count) await sleep(2);
  await crash(server, database.db);
}

test('a server that is killed again and again while it cancels an event: each booking ends, each charge goes back once, nobody waits', async () => {
  for (const before of KILLED_BEFORE) {
    // Whoever was not answered asks again.
    const asked = (await signIn(server.url, admin)).admin.events.cancel({ eventId, reason: 'Storm' });
    const answered = asked.catch(() => undefined);
    await killAt(Math.floor(Math.random() * before));
    await answered;
    server = await startServerOn(database.url, null);
  }
  const office = await signIn(server.url, admin);
  await office.admin.events.cancel({ eventId, reason: 'Storm' });
  const read = () => office.admin.events.cancellation({ eventId });
  let progress = await read();
  const all = SALES + LOST;
  while (progress.refunded < all) {
    await sleep(20);
    progress = await read();
  }

  const { db } = database;
  expect(progress).toMatchObject({ total: all, cancelled: all, refunds: all, refunded: all, refundsFailed: 0 });
  const { rows: bookings } = await sql`
    SELECT status, count(*)::int FROM bookings GROUP BY status ORDER BY status`.execute(db);
  expect(bookings).toEqual([
    { status: 'cancelled', count: all },
    { status: 'released', count: HOLDS },
  ]);
  const { rows: entries } = await sql`SELECT status, count(*)::int FROM waitlist_entries GROUP BY status`.execute(db);
  expect(entries).toEqual([{ status: 'closed', count: WAITING }]);
  const { rows: returned } = await sql`
    SELECT refunds, amount, count(*)::int FROM (
      SELECT count(r.id)::int AS refunds, coalesce(sum(r.amount), 0)::int AS amount
      FROM sandbox_charges c LEFT JOIN sandbox_refunds r ON r.charge_id = c.id
      WHERE c.status = 'succeeded' GROUP BY c.id) AS per_charge
    GROUP BY refunds, amount`.execute(db);
  expect(returned).toEqual([{ refunds: 1, amount: PRICE, count: all }]);
  expect(await listViolations(db, { showId: show.showId, shard: shardOf(show.showId) })).toEqual([]);
});
