import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestOffice, createTestShow, newKey, standing, type TestOffice } from '../testing.ts';
import type { Mail } from './mailer.ts';
import { sendOffers } from './send-offers.ts';

let office: TestOffice;
beforeAll(async () => {
  office = await createTestOffice();
});
afterAll(() => office[Symbol.asyncDispose]());

test('an offer is told by one mail, with its deadline where the venue is; what was declined or has lapsed is not', async () => {
  const { services } = office;
  const show = await createTestShow(office.as(await office.actor('admin')), [standing(3)], {
    amounts: [1250],
    collectAtDoor: true,
  });
  const { showId } = show;
  const buyer = office.as(await office.actor());
  const sections = [{ sectionId: show.sectionIds[0]!, quantity: 3 }];
  const { id: bookingId } = await buyer.bookings.book({ showId, sections, idempotencyKey: newKey() });
  const actors = [await office.actor(), await office.actor(), await office.actor()];
  const entries: { id: string }[] = [];
  for (const actor of actors)
    entries.push(await office.as(actor).waitlist.join({ showId, quantity: 1, idempotencyKey: newKey() }));
  await buyer.bookings.cancel({ bookingId });
  const offers = await Promise.all(
    actors.map(async (actor, n) => (await office.as(actor).waitlist.get({ entryId: entries[n]!.id })).offer!),
  );
  await office.as(actors[1]!).waitlist.decline({ entryId: entries[1]!.id });
  await sql`UPDATE bookings SET expires_at = clock_timestamp() WHERE id = ${offers[2]!.bookingId}`.execute(office.db);
  const mails: Mail[] = [];
  const mailer = { send: async (mail: Mail) => void mails.push(mail) };
  const bookingIds = offers.map((offer) => offer.bookingId);
  await sendOffers({ ...services, mailer }, bookingIds);
  await sendOffers({ ...services, mailer }, bookingIds);
  expect(mails.map(({ to }) => to)).toEqual([actors[0]!.email]);
  const deadline = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: 'Europe/Vienna' });
  expect(mails[0]!.text).toMatch(
    new RegExp(`Accept by: .* ${deadline.format(offers[0]!.expiresAt)} \\(Europe/Vienna\\)`),
  );
  expect(mails[0]!.text).toContain('€12.50');
});
