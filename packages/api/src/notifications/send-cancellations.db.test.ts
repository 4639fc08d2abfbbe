import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cancelBookings } from '../mass-cancellation/cancel-bookings.ts';
import { type Caller, createTestOffice, createTestShow, newKey, standing, type TestOffice } from '../testing.ts';
import { createOutbox } from './mailer.ts';
import { sendCancellations } from './send-cancellations.ts';

let office: TestOffice;
let folder: string;
let admin: Caller;
let buyer: Caller;

beforeAll(async () => {
  office = await createTestOffice();
  folder = await mkdtemp(path.join(tmpdir(), 'evently-outbox-'));
  admin = office.as(await office.actor('admin'));
  buyer = office.as(await office.actor());
});
afterAll(async () => {
  await office[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const quarter = { name: 'Quarter', rules: [{ hoursBefore: 1, refundPercent: 25, feeAmount: 0 }] };

async function book() {
  const { id } = await admin.admin.policies.create(quarter);
  const show = await createTestShow(admin, [standing(5)], { amounts: [1000], cancellationPolicyId: id });
  const sections = [{ sectionId: show.sectionIds[0]!, quantity: 2 }];
  const payment = { provider: 'sandbox', token: 'pm_ok' };
  const { showId } = show;
  return { showId, sale: await buyer.bookings.book({ showId, sections, idempotencyKey: newKey(), payment }) };
}

/** The jobs that were queued for a booking. */
async function listJobs(bookingId: string): Promise<string[][]> {
  const { rows } = await sql<{ bookingIds: string[] }>`SELECT data->'bookingIds' AS "bookingIds" FROM pgboss.job
    WHERE name = 'send-cancellations' AND data->'bookingIds' ? ${bookingId}`.execute(office.db);
  return rows.map(({ bookingIds }) => bookingIds);
}

async function listMails(reference: string): Promise<string[]> {
  const files = await Promise.all((await readdir(folder)).map((file) => readFile(path.join(folder, file), 'utf8')));
  const texts = files.map((text) => text.replaceAll('=\n', '').replaceAll('=E2=82=AC', '€'));
  return texts.filter((text) => text.includes(reference));
}

test('whoever bought for a show that is cancelled is told once, why and what goes back; whose booking lives is not', async () => {
  const services = { ...office.services, mailer: createOutbox(folder, 'Tickets <tickets@example.com>') };
  const [{ showId, sale }, other] = [await book(), await book()];
  await admin.admin.shows.cancel({ showId, reason: 'A storm' });
  await cancelBookings(services, showId);
  expect(await listJobs(sale.id)).toEqual([[sale.id]]);
  await Promise.all([1, 2, 3].map(() => sendCancellations(services, [sale.id, other.sale.id])));
  const [mail, ...others] = await listMails(sale.reference);
  expect(others).toEqual([]);
  for (const part of ['Cancelled: Evening', 'A storm', 'Returned to you: €20.00', 'Hall, Vienna']) {
    expect(mail).toContain(part);
  }
  expect(await listMails(other.sale.reference)).toEqual([]);
});

test('whoever cancels is told what was kept, when nothing is left of the booking', async () => {
  const services = { ...office.services, mailer: createOutbox(folder, 'Tickets <tickets@example.com>') };
  const { sale } = await book();
  await buyer.bookings.cancel({ bookingId: sale.id, ticketIds: [sale.tickets[0]!.id] });
  expect(await listJobs(sale.id)).toEqual([]);
  await buyer.bookings.cancel({ bookingId: sale.id });
  expect(await listJobs(sale.id)).toEqual([[sale.id]]);
  await sendCancellations(services, [sale.id]);
  const [mail] = await listMails(sale.reference);
  for (const part of ['Returned to you: €5.00', 'Kept: €15.00']) expect(mail).toContain(part);
});
