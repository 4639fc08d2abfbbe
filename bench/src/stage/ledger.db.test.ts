import { createTestOffice, createTestShow, newKey, standing, type TestOffice } from '@evently/api/testing';
import { shardOf } from '@evently/db/ids';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLedger } from './ledger.ts';

let office: TestOffice;
beforeAll(async () => {
  office = await createTestOffice();
});
afterAll(() => office[Symbol.asyncDispose]());

/** A show with as many sales, and a ledger in which each was taken down. */
async function sellTwo() {
  const admin = office.as(await office.actor('admin'));
  const buyer = office.as(await office.actor());
  const { showId, sectionIds } = await createTestShow(admin, [standing(10)]);
  const ledger = createLedger({ showId, shard: shardOf(showId) });
  const wish = () => ({
    showId,
    sections: sectionIds.map((sectionId) => ({ sectionId, quantity: 1 })),
    idempotencyKey: newKey(),
  });
  const book = () => buyer.bookings.book(wish());
  const bookings = [await book(), await book()];
  for (const booking of bookings) ledger.confirm(booking);
  return { showId, ledger, book, bookings, hold: () => buyer.bookings.hold(wish()) };
}

test('sales that were all acknowledged, in a sound show, leave nothing to say', async () => {
  const { ledger, hold } = await sellTwo();
  expect(ledger.heldId(await hold())).toMatch(/^[\da-f-]{36}$/);
  expect(await ledger.audit(office.db)).toEqual([]);
});

test('a sale that nobody was told of is found', async () => {
  const { ledger, book } = await sellTwo();
  await book();
  expect(await ledger.audit(office.db)).toEqual(['1 of 3 bookings in the database were acknowledged to nobody']);
});

test('a sale that was acknowledged and is not there is found', async () => {
  const { ledger, bookings } = await sellTwo();
  ledger.confirm({ ...bookings[0], id: newKey() });
  expect(await ledger.audit(office.db)).toEqual(['1 of 3 acknowledged bookings are not in the database']);
});

test('a counter that is off is found', async () => {
  const { showId, ledger } = await sellTwo();
  await office.db.updateTable('show_sections').set({ sold: 3 }).where('show_id', '=', showId).execute();
  expect(await ledger.audit(office.db)).toEqual([expect.stringMatching(/^I2: .* 3 sold/)]);
});

test('a booking that is sold twice, a hold for a sale, another show, more places: none of them is the sale asked for', async () => {
  const { ledger, bookings, hold } = await sellTwo();
  const { ledger: other } = await sellTwo();
  expect(() => ledger.confirm(bookings[0])).toThrow('was sold twice');
  const held = await hold();
  expect(() => ledger.confirm(held)).toThrow('no confirmed booking of 1 place');
  expect(() => ledger.heldId(bookings[0])).toThrow('no held booking of 1 place');
  expect(() => other.confirm(bookings[0])).toThrow('no confirmed booking');
  expect(() => ledger.confirm({ ...bookings[0], id: newKey(), quantity: 2 })).toThrow('no confirmed booking');
});
