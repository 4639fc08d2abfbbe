import { shardOf } from '@evently/db/ids';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestOffice, createTestShow, newKey, standing, type TestOffice, type TestShow } from '../testing.ts';
import { listViolations } from './invariants.ts';

let office: TestOffice;
beforeAll(async () => {
  office = await createTestOffice();
});
afterAll(() => office[Symbol.asyncDispose]());

const run = (statement: ReturnType<typeof sql>) => statement.execute(office.db);

/**
 * What is broken in a show after `damage` was done to its tables. In it, a pair waits since it was passed by the one who came
 * after it and was offered a place; two more wait for a place each.
 */
async function violationsAfter(damage: (show: TestShow) => Promise<unknown>): Promise<string[]> {
  const admin = office.as(await office.actor('admin'));
  const show = await createTestShow(admin, [standing(2)]);
  const { showId } = show;
  const sections = [{ sectionId: show.sectionIds[0]!, quantity: 1 }];
  const buyer = office.as(await office.actor());
  const booked = [1, 2].map(() => buyer.bookings.book({ showId, sections, idempotencyKey: newKey() }));
  const [first] = await Promise.all(booked);
  for (const quantity of [2, 1, 1, 1]) {
    await office.as(await office.actor()).waitlist.join({ showId, quantity, idempotencyKey: newKey() });
  }
  await buyer.bookings.cancel({ bookingId: first!.id });
  await damage(show);
  return await listViolations(office.db, { showId, shard: shardOf(showId) });
}

test('a line that nobody tampered with has no violations', async () => {
  expect(await violationsAfter(async () => undefined)).toEqual([]);
});

test('I6: who waits for what is free is reported', async () => {
  const found = await violationsAfter(async ({ showId }) => {
    await run(sql`UPDATE show_sections SET capacity = capacity + 1 WHERE show_id = ${showId}`);
    // Right after sales opened, the sweep may not have been here yet.
    await run(sql`UPDATE shows SET sales_open_at = now() - interval '1 hour' WHERE id = ${showId}`);
  });
  expect(found).toEqual(
    Array(2).fill(expect.stringMatching(/^I6: entry .* waits for 1 places, and section .* has 1$/)),
  );
});

test('I6: who was served before their turn is reported, as is who was passed without a word', async () => {
  const smaller = await violationsAfter(({ showId }) =>
    run(sql`UPDATE waitlist_entries SET quantity = 1 WHERE show_id = ${showId}`),
  );
  expect(smaller).toEqual([expect.stringMatching(/^I6: entry .* was offered places before entry .* no reason$/)]);
  const unsaid = await violationsAfter(({ showId }) =>
    run(sql`UPDATE waitlist_events SET data = data - 'passedEntryIds' WHERE type = 'offered'
      AND entry_id IN (SELECT id FROM waitlist_entries WHERE show_id = ${showId})`),
  );
  expect(unsaid).toEqual([expect.stringMatching(/^I6: entry .* was offered places before entry .* no reason$/)]);
  const untold = await violationsAfter(({ showId }) =>
    run(sql`UPDATE waitlist_events SET type = 'left out' WHERE type = 'passed'
      AND entry_id IN (SELECT id FROM waitlist_entries WHERE show_id = ${showId})`),
  );
  expect(untold).toEqual([expect.stringMatching(/^I6: entry .* was passed by entry .* nothing tells of it$/)]);
});

test('I6: what is kept about a line and disagrees with it is reported', async () => {
  const counted = await violationsAfter(({ showId }) =>
    run(sql`UPDATE show_inventory SET waiting = 7 WHERE show_id = ${showId}`),
  );
  expect(counted).toEqual(['I6: 3 wait, counted as 7']);
  const saved = await violationsAfter(({ showId }) =>
    run(sql`UPDATE show_sections SET saved = true WHERE show_id = ${showId}`),
  );
  expect(saved).toEqual([expect.stringMatching(/^I6: section .* is saved: t; that many wait for it: 0$/)]);
  const events = await violationsAfter(({ showId }) =>
    run(sql`DELETE FROM waitlist_events WHERE type = 'passed'
      AND entry_id IN (SELECT id FROM waitlist_entries WHERE show_id = ${showId})`),
  );
  expect(events).toContainEqual(expect.stringMatching(/^I6: entry .* is at version 2 after 1 events$/));
  const offer = await violationsAfter(({ showId }) =>
    run(sql`UPDATE waitlist_entries SET status = 'converted' WHERE show_id = ${showId} AND status = 'offered'`),
  );
  expect(offer).toEqual([expect.stringMatching(/^I6: entry .* is converted, its booking held$/)]);
});
