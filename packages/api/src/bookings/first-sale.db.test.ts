import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Caller,
  createTestOffice,
  createTestShow,
  newKey,
  seated,
  standing,
  type TestOffice,
} from '../testing.ts';

let office: TestOffice;
let admin: Caller;

beforeAll(async () => {
  office = await createTestOffice();
  admin = office.as(await office.actor('admin'));
});
afterAll(() => office[Symbol.asyncDispose]());

test('a stranger books seats and places in one call, and the map shows it', async () => {
  const show = await createTestShow(admin, [seated(1, 3), standing(5)]);
  const buyer = office.as(await office.actor());
  const request = {
    showId: show.showId,
    seatIds: [show.seatIds[0]!],
    sections: [{ sectionId: show.sectionIds[1]!, quantity: 2 }],
    idempotencyKey: newKey(),
  };
  const booking = await buyer.bookings.book(request);
  expect(booking).toMatchObject({
    status: 'confirmed',
    quantity: 3,
    total: { amount: 0, currency: 'EUR' },
    version: 1,
  });
  expect(booking.tickets.map((ticket) => [ticket.label, ticket.status])).toEqual([
    ['Stalls, row 1, seat 1', 'valid'],
    ['Floor', 'valid'],
    ['Floor', 'valid'],
  ]);
  expect(await buyer.bookings.book(request)).toEqual(booking);
  expect(await buyer.bookings.get({ bookingId: booking.id })).toEqual(booking);
  expect((await buyer.bookings.list({})).items).toEqual([booking]);
  expect(await buyer.events.seatStates({ showId: show.showId })).toMatchObject({
    states: 'baa',
    sections: [{ available: 2 }, { available: 3 }],
  });
});
