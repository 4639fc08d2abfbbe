import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listViolations } from '@evently/api/integrity/invariants';
import { killAll, waitUntilGone } from '@evently/db/embedded/test-clusters';
import { newId, shardOf } from '@evently/db/ids';
import { type Evently, isProblem } from '@evently/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  admin,
  cleanUpProcesses,
  type Environment,
  findFreePort,
  known,
  makeFolder,
  type OpenShow,
  openDatabaseOf,
  openShow,
  type RunningServer,
  signIn,
  startServer,
} from './test-process.ts';

/** Each crash comes once this many bookings are acknowledged, while this many more are under way. */
const ACKNOWLEDGED = 150;
const BUYERS = 40;
/** Far more than a buyer gets to before the crash. */
const MAX_TRIES = 1000;

/** One request, and what the client knows of it; without a booking nor a refusal, it does not know. */
interface Entry {
  request: Parameters<Evently['bookings']['book']>[0] & { idempotencyKey: string };
  bookingId?: string;
  refused?: string;
}

let folder: string;
let settings: Environment;
let server: RunningServer;
let show: OpenShow;
const journal: Entry[] = [];
const acknowledged = () => journal.filter(({ bookingId }) => bookingId !== undefined);
const unanswered = () => journal.filter(({ bookingId, refused }) => bookingId === undefined && refused === undefined);

beforeAll(async () => {
  folder = makeFolder();
  settings = { ...known, DATA_DIR: path.join(folder, 'data'), PORT: String(await findFreePort()) };
  server = await startServer(settings, folder);
  show = await openShow(await signIn(server.url, admin));
});
afterAll(cleanUpProcesses);

/** Books a place and a seat, of which there are too few, until the server is gone. */
async function buyUntilTheEnd(buyer: Evently): Promise<void> {
  for (let tried = 0; tried < MAX_TRIES; tried += 1) {
    const seatId = show.seatIds[Math.floor(Math.random() * show.seatIds.length)]!;
    const sections = [{ sectionId: show.standing, quantity: 1 }];
    // Every other request wants a seat that somebody may have already.
    const request = {
      showId: show.showId,
      sections,
      idempotencyKey: newId(),
      ...(tried % 2 ? { seatIds: [seatId] } : {}),
    };
    const entry: Entry = { request };
    journal.push(entry);
    try {
      entry.bookingId = (await buyer.bookings.book(request)).id;
    } catch (error) {
      // No answer at all: the server is gone, and what became of the request is not known.
      if (!isProblem(error) || error.requestId === '') return;
      entry.refused = error.problem.code;
    }
  }
}

const codeOf = (error: unknown) => (isProblem(error) ? error.problem.code : String(error));

async function listAllBookings(office: Evently): Promise<Map<string, string>> {
  const bookings = new Map<string, string>();
  for await (const { id, status } of office.bookings.list.all({ limit: 100 })) bookings.set(id, status);
  return bookings;
}

test.each([
  ['the server', (family: readonly number[]) => [family[0]!]],
  ['the server, Postgres and its guard at once', (family: readonly number[]) => family],
])('kill -9 of %s in mid-rush loses no acknowledged booking and breaks no invariant', async (_, victims) => {
  const before = acknowledged().length;
  const buyer = await signIn(server.url, admin);
  const family = server.family();
  const rush = Array.from({ length: BUYERS }, () => buyUntilTheEnd(buyer));
  while (acknowledged().length < before + ACKNOWLEDGED) await sleep(5);
  killAll(victims(family));
  await Promise.all(rush);
  await waitUntilGone(family);
  const unknown = unanswered();
  expect(unknown.length).toBeGreaterThan(0);

  server = await startServer(settings, folder);
  const office = await signIn(server.url, admin);
  const found = await listAllBookings(office);
  const lost = acknowledged().filter(({ bookingId }) => found.get(bookingId!) !== 'confirmed');
  expect(lost).toEqual([]);

  // What the client does not know of, it asks again, twice at once: each leads to one booking or to one refusal.
  for (const entry of unknown) {
    const answers = await Promise.allSettled([1, 2].map(() => office.bookings.book(entry.request)));
    const [first, second] = answers.map((answer) =>
      answer.status === 'fulfilled' ? { bookingId: answer.value.id } : { refused: codeOf(answer.reason) },
    );
    expect(second).toEqual(first);
    Object.assign(entry, first);
  }
  expect(new Set(journal.map(({ refused }) => refused))).toEqual(new Set([undefined, 'seat_taken']));
  const bookings = await listAllBookings(office);
  expect([...bookings.keys()].sort()).toEqual(
    acknowledged()
      .map(({ bookingId }) => bookingId)
      .sort(),
  );
  const db = openDatabaseOf(settings.DATA_DIR!);
  expect(await listViolations(db, { showId: show.showId, shard: shardOf(show.showId) })).toEqual([]);
  await db.destroy();
});
