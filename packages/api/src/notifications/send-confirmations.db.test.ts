import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Services } from '../context.ts';
import {
  type Caller,
  createTestOffice,
  createTestShow,
  newKey,
  seated,
  type TestOffice,
  type TestShow,
} from '../testing.ts';
import { createOutbox } from './mailer.ts';
import { sendConfirmations } from './send-confirmations.ts';

let office: TestOffice;
let services: Services;
let folder: string;
let show: TestShow;
let buyer: Caller;

beforeAll(async () => {
  office = await createTestOffice();
  folder = await mkdtemp(path.join(tmpdir(), 'evently-outbox-'));
  services = { ...office.services, mailer: createOutbox(folder, 'Tickets <tickets@example.com>') };
  show = await createTestShow(office.as(await office.actor('admin')), [seated(1, 8)], {
    collectAtDoor: true,
    amounts: [1250],
  });
  buyer = office.as(await office.actor());
});
afterAll(async () => {
  await office[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const book = (seat: number) =>
  buyer.bookings.book({ showId: show.showId, seatIds: show.seatIds.slice(seat, seat + 2), idempotencyKey: newKey() });

async function listMails(): Promise<string[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.eml'));
  return await Promise.all(files.map((file) => readFile(path.join(folder, file), 'utf8')));
}

/** The jobs that the box office queued for a booking. */
async function countJobs(bookingId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`SELECT count(*)::int FROM pgboss.job
    WHERE name = 'send-confirmations' AND data->'bookingIds' ? ${bookingId}`.execute(office.db);
  return rows[0]!.count;
}

test('a booking is confirmed by one mail, however often and at once the job comes', async () => {
  const booking = await book(0);
  expect(await countJobs(booking.id)).toBe(1);
  await Promise.all([1, 2, 3].map(() => sendConfirmations(services, [booking.id])));
  await sendConfirmations(services, [booking.id]);
  const mails = (await listMails()).filter((mail) => mail.includes(booking.reference));
  expect(mails).toHaveLength(1);
  for (const text of [
    'From: Tickets <tickets@example.com>',
    'Stalls, row 1, seat 1',
    'Stalls, row 1, seat 2',
    'EUR',
    'Vienna',
  ]) {
    expect(mails[0]!.replaceAll('=\n', '').replaceAll('€', 'EUR ').replaceAll('=E2=82=AC', 'EUR ')).toContain(text);
  }
});

test('a mail that could not be sent is sent by the next try', async () => {
  const booking = await book(2);
  const broken = { send: () => Promise.reject(new Error('no paper')) };
  await expect(sendConfirmations({ ...services, mailer: broken }, [booking.id])).rejects.toThrow('no paper');
  const mine = async () => (await listMails()).filter((mail) => mail.includes(booking.reference));
  expect(await mine()).toHaveLength(0);
  await sendConfirmations(services, [booking.id]);
  expect(await mine()).toHaveLength(1);
});

test('a hold, and a booking that was cancelled before its mail went out, are not confirmed', async () => {
  const { showId, seatIds } = show;
  const hold = await buyer.bookings.hold({ showId, seatIds: [seatIds[4]!], idempotencyKey: newKey() });
  const cancelled = await book(5);
  await buyer.bookings.cancel({ bookingId: cancelled.id });
  const before = (await listMails()).length;
  expect(await countJobs(hold.id)).toBe(0);
  await sendConfirmations(services, [hold.id, cancelled.id]);
  expect(await listMails()).toHaveLength(before);
});
