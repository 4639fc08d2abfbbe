import { newId } from '@evently/db/ids';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockInventory } from '../shows/inventory-lock.ts';
import {
  type Caller,
  codeOf,
  createTestOffice,
  createTestShow,
  newKey,
  standing,
  type TestOffice,
  type TestShow,
} from '../testing.ts';
import { createBoxOffice } from './queue.ts';

let office: TestOffice;
let admin: Caller;
let buyer: Caller;

beforeAll(async () => {
  office = await createTestOffice();
  admin = office.as(await office.actor('admin'));
  buyer = office.as(await office.actor());
});
afterAll(() => office[Symbol.asyncDispose]());

const book = ({ showId, sectionIds }: TestShow, of = buyer) =>
  of.bookings.book({ showId, sections: [{ sectionId: sectionIds[0]!, quantity: 1 }], idempotencyKey: newKey() });
const outcome = (work: Promise<unknown>) => work.then(() => 'done', codeOf);

/** Holds a show's inventory lock, as a process would that stopped in the middle of a batch. */
async function holdLock({ showId }: TestShow): Promise<{ release: () => Promise<void> }> {
  const trx = await office.db.startTransaction().execute();
  await lockInventory(trx, showId);
  return { release: () => trx.rollback().execute() };
}

/** Answers the backend that waits for a lock, once one does. */
async function waitingBackend(): Promise<number> {
  for (let i = 0; i < 400; i += 1) {
    const { rows } = await sql<{ pid: number }>`SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(office.db);
    if (rows[0]) return rows[0].pid;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('nobody waits for a lock');
}

test('a connection that breaks in the middle of a batch costs nobody their booking', async () => {
  const show = await createTestShow(admin, [standing(5)]);
  const rival = await holdLock(show);
  const booked = outcome(book(show));
  await sql`SELECT pg_terminate_backend(${await waitingBackend()})`.execute(office.db);
  await rival.release();
  expect(await booked).toBe('done');
  expect((await admin.events.show({ showId: show.showId })).sections[0]!.available).toBe(4);
});

test('a show that stays locked answers overloaded, and others go on selling', async () => {
  const show = await createTestShow(admin, [standing(5)]);
  const other = await createTestShow(admin, [standing(5)]);
  const rival = await holdLock(show);
  const refused = outcome(book(show));
  expect(await outcome(book(other))).toBe('done');
  expect(await refused).toBe('overloaded');
  await rival.release();
  expect(await outcome(book(show))).toBe('done');
});

test('a queue that is full answers overloaded at once, and loses nobody who is in it', async () => {
  const show = await createTestShow(admin, [standing(1)]);
  const answers = await Promise.allSettled(
    Array.from({ length: 5000 }, () => office.services.boxOffice.submit(show.showId, { kind: 'sweep' })),
  );
  const refused = answers.filter((answer) => answer.status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  expect(answers.length - refused.length).toBeGreaterThanOrEqual(4096);
  for (const { reason } of refused) expect(reason.problem).toMatchObject({ code: 'overloaded' });
});

test('what arrives together is decided together; who comes alone waits for nobody', async () => {
  const show = await createTestShow(admin, [standing(500)]);
  const batches: number[] = [];
  const { db, plans } = office.services;
  const followUps = async ({ answers }: { answers: unknown[] }) => {
    batches.push(answers.length);
    return [];
  };
  const boxOffice = createBoxOffice({ db, plans, followUps, onCommit: () => undefined, maxAtOnce: 2 });
  await boxOffice.submit(show.showId, { kind: 'sweep' });
  expect(batches).toEqual([1]);
  await Promise.all(Array.from({ length: 600 }, () => boxOffice.submit(show.showId, { kind: 'sweep' })));
  expect(batches.slice(1).reduce((sum, size) => sum + size, 0)).toBe(600);
  expect(Math.max(...batches)).toBe(256);
  expect(batches.length).toBeLessThanOrEqual(5);
  await boxOffice.drain();
});

test('a show that does not exist is not found', async () => {
  await expect(office.services.boxOffice.submit(newId(), { kind: 'sweep' })).rejects.toThrow('not_found');
});
