import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestOffice, createTestShow, newKey, standing, type TestOffice } from '../testing.ts';
import type { Mail } from './mailer.ts';
import { sendClosings } from './send-closings.ts';

let office: TestOffice;
beforeAll(async () => {
  office = await createTestOffice();
});
afterAll(() => office[Symbol.asyncDispose]());

test('whoever still waits when a show is cancelled is told once; who left before is not', async () => {
  const admin = office.as(await office.actor('admin'));
  const show = await createTestShow(admin, [standing(1)]);
  const { showId } = show;
  const sections = [{ sectionId: show.sectionIds[0]!, quantity: 1 }];
  await office.as(await office.actor()).bookings.book({ showId, sections, idempotencyKey: newKey() });
  const [stays, leaves] = [await office.actor(), await office.actor()];
  const join = (actor: typeof stays) =>
    office.as(actor).waitlist.join({ showId, quantity: 1, idempotencyKey: newKey() });
  const [kept, left] = [await join(stays), await join(leaves)];
  await office.as(leaves).waitlist.leave({ entryId: left.id });
  await admin.admin.shows.cancel({ showId, reason: 'Storm' });

  const { rows: jobs } = await sql<{ data: unknown }>`
    SELECT data FROM pgboss.job WHERE name = 'send-closings'`.execute(office.db);
  expect(jobs).toEqual([{ data: { entryIds: [kept.id] } }]);
  const mails: Mail[] = [];
  const services = { ...office.services, mailer: { send: async (mail: Mail) => void mails.push(mail) } };
  for (let time = 0; time < 2; time += 1) await sendClosings(services, [kept.id, left.id]);
  expect(mails.map(({ to }) => to)).toEqual([stays.email]);
  expect(mails[0]!.text).toContain('the show that you were waiting for is cancelled');
});
