import { setTimeout as sleep } from 'node:timers/promises';
import { listViolations } from '@evently/api/integrity/invariants';
import { shardOf } from '@evently/db/ids';
import { createTestDatabase, type TestDatabase } from '@evently/db/testing';
import { createEvently, isProblem } from '@evently/sdk';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeBuyers, startServerOn, workOff } from './test-buyers.ts';
import { crash } from './test-crash.ts';
import { admin, cleanUpProcesses, type OpenShow, openShow, type RunningServer, signIn } from './test-process.ts';

const SALES = 200;
const WAITING = 300;
const PRICE = 1500;
const AT_ONCE = 16;
/** The n-th kill comes when so many bookings at most are cancelled. */
const KILLED_BEFORE = [40, 110, 190];
const TRY_AGAIN_MS = 20;

let database: TestDatabase;
let show: OpenShow;
let server: RunningServer;
let worker: RunningServer;
/** Who holds which booking. */
const sold: { token: string; bookingId: string }[] = [];
/** Who waits, in the order in which they were told that they do. */
const line: string[] = [];

const startWorker = () => startServerOn(database.url, null, { ROLE: 'worker' });
const startDoor = () => startServerOn(database.url, null, { ROLE: 'http' });

beforeAll(async () => {
  database = await createTestDatabase(8);
  server = await startDoor();
  worker = await startWorker();
  const office = await signIn(server.url, admin);
  show = await openShow(office, { floor: SALES });
  const { version } = await office.events.show({ showId: show.showId });
  const prices = [{ sectionId: show.standing, amount: PRICE }];
  await office.admin.shows.update({ showId: show.showId, version, prices });
  const tokens = await makeBuyers(database.db, SALES + WAITING);
  await workOff(tokens.slice(0, SALES), AT_ONCE, buy);
  // One after the other, so that everybody knows who came first.
  for (const token of tokens.slice(SALES)) line.push(await wait(token));
});
afterAll(async () => {
  await cleanUpProcesses();
  await database[Symbol.asyncDispose]();
});

const clientOf = (token: string) => createEvently({ url: server.url, token, retries: 0 });

async function buy(token: string): Promise<void> {
  const sections = [{ sectionId: show.standing, quantity: 1 }];
  const payment = { provider: 'sandbox', token: 'pm_ok' };
  const { id } = await clientOf(token).bookings.book({ showId: show.showId, sections, payment });
  sold.push({ token, bookingId: id });
}

async function wait(token: string): Promise<string> {
  const { id } = await clientOf(token).waitlist.join({ showId: show.showId, sectionId: show.standing, quantity: 1 });
  return id;
}

/** Asks again for as long as nobody answers. */
async function cancel({ token, bookingId }: (typeof sold)[number]): Promise<void> {
  for (;;) {
    try {
      await clientOf(token).bookings.cancel({ bookingId });
      return;
    } catch (error) {
      if (!isProblem(error) || !error.retryable) throw error;
      await sleep(TRY_AGAIN_MS);
    }
  }
}

async function countCancelled(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int FROM bookings WHERE status = 'cancelled'`.execute(database.db);
  return rows[0]!.count;
}

async function killBothAgainAndAgain(): Promise<void> {
  for (const [turn, before] of KILLED_BEFORE.entries()) {
    const least = KILLED_BEFORE[turn - 1] ?? 0;
    const count = least + Math.floor(Math.random() * (before - least));
    while ((await countCancelled()) < count) await sleep(2);
    await Promise.all([crash(server, database.db), crash(worker, database.db)]);
    [server, worker] = await Promise.all([startDoor(), startWorker()]);
  }
}

test('a server and a worker that are killed while 200 cancel and 300 wait: each place goes to whoever is next, each charge goes back once', async () => {
  await Promise.all([workOff(sold, AT_ONCE, cancel), killBothAgainAndAgain()]);

  const { db } = database;
  const readLine = async () => {
    const { rows } = await sql<{ id: string; status: string }>`
      SELECT id, status FROM waitlist_entries ORDER BY position`.execute(db);
    return rows;
  };
  // The line is as they were told, and its first two hundred have the places.
  expect(await readLine()).toEqual(line.map((id, index) => ({ id, status: index < SALES ? 'offered' : 'waiting' })));
  const { rows: offers } = await sql<{ id: string }>`
    SELECT e.id FROM waitlist_entries e JOIN waitlist_events h ON h.entry_id = e.id AND h.type = 'offered'
    ORDER BY h.at, e.position`.execute(db);
  expect(offers.map(({ id }) => id)).toEqual(line.slice(0, SALES));

  const countRefunds = async () => {
    const { rows } = await sql<{ refunds: number; amount: number; count: number }>`
      SELECT refunds, amount, count(*)::int FROM (
        SELECT count(r.id)::int AS refunds, coalesce(sum(r.amount), 0)::int AS amount
        FROM sandbox_charges c LEFT JOIN sandbox_refunds r ON r.charge_id = c.id GROUP BY c.id) AS per_charge
      GROUP BY refunds, amount`.execute(db);
    return rows;
  };
  await expect
    .poll(countRefunds, { timeout: 40_000, interval: 50 })
    .toEqual([{ refunds: 1, amount: PRICE, count: SALES }]);
  expect(await listViolations(db, { showId: show.showId, shard: shardOf(show.showId) })).toEqual([]);
});
