import { newId } from '@evently/db/ids';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Services } from '../context.ts';
import {
  type Caller,
  codeOf,
  createTestOffice,
  createTestShow,
  newKey,
  seated,
  standing,
  type TestOffice,
  type TestShow,
} from '../testing.ts';
import { claimOf } from './testing-world.ts';

const NOBODY = newId();
let office: TestOffice;
let admin: Caller;
let services: Services;

beforeAll(async () => {
  office = await createTestOffice();
  services = office.services;
  admin = office.as(await office.actor('admin'));
});
beforeEach(() => void vi.restoreAllMocks());
afterAll(() => office[Symbol.asyncDispose]());

const buyer = async () => office.as(await office.actor());
const places = ({ showId, sectionIds }: TestShow, quantity: number, key = newKey()) => ({
  showId,
  sections: [{ sectionId: sectionIds[0]!, quantity }],
  idempotencyKey: key,
});
const refusalOf = (call: Promise<unknown>) => call.then(() => 'done', codeOf);

/** Makes somebody come too late, and waits until the gate has noticed. */
async function close(show: TestShow): Promise<void> {
  await expect(refusalOf((await buyer()).bookings.book(places(show, 1)))).resolves.toBe('sold_out');
  const plan = await services.plans.find(show.showId);
  // What it read may have been overtaken by a change; the next who comes too late has it read again.
  const isNoticed = () => {
    services.soldOut.consider(plan!);
    return isClosed(show);
  };
  await vi.waitUntil(isNoticed, { timeout: 10_000, interval: 5 });
}

const isClosed = async (show: TestShow) => (await services.soldOut.refuse(show.showId, wish(show))) !== null;

const wish = ({ sectionIds }: TestShow) => ({
  userId: NOBODY,
  seatIds: [],
  sections: [{ sectionId: sectionIds[0]!, quantity: 1 }],
});

test('who comes after the last place is refused as before, and the box office is not asked', async () => {
  const show = await createTestShow(admin, [standing(2)]);
  await (await buyer()).bookings.book(places(show, 2));
  await close(show);
  const late = await buyer();
  const submit = vi.spyOn(services.boxOffice, 'submit');
  expect(await services.soldOut.refuse(show.showId, wish(show))).toEqual({
    code: 'sold_out',
    sectionId: show.sectionIds[0],
    available: 0,
  });
  const answers = [refusalOf(late.bookings.hold(places(show, 1))), refusalOf(late.bookings.book(places(show, 1)))];
  // Both fall into the second for which the gate stays closed, unless this machine is asleep.
  expect(await Promise.all(answers)).toEqual(['sold_out', 'sold_out']);
  if (await isClosed(show)) expect(submit).not.toHaveBeenCalled();
});

test('where there is a waiting room, who comes too late is told so, not to wait; who comes in time, to wait', async () => {
  const show = await createTestShow(admin, [standing(2)]);
  const early = await buyer();
  await early.bookings.book(places(show, 2));
  await admin.admin.shows.waitingRoom({ showId: show.showId, mode: 'on' });
  const plan = await services.plans.find(show.showId);
  const late = await buyer();
  // Once a second the gate opens, and somebody has to be refused behind it.
  const isTold = async () => {
    services.soldOut.consider(plan!);
    return (await refusalOf(late.bookings.hold(places(show, 1)))) === 'sold_out';
  };
  await vi.waitUntil(isTold, { timeout: 10_000, interval: 5 });
  const { items } = await early.bookings.list({});
  await early.bookings.cancel({ bookingId: items[0]!.id });
  await expect(refusalOf(late.bookings.hold(places(show, 1)))).resolves.toBe('admission_required');
});

test('who has booked gets through: the same key, the same answer, also when nothing is left', async () => {
  const show = await createTestShow(admin, [standing(2)]);
  const early = await buyer();
  const request = places(show, 2);
  const { id } = await early.bookings.book(request);
  await close(show);
  expect((await early.bookings.book(request)).id).toBe(id);
});

test('a place that comes back can be had at once', async () => {
  const show = await createTestShow(admin, [standing(1)]);
  const early = await buyer();
  const { id } = await early.bookings.book(places(show, 1));
  await close(show);
  await early.bookings.cancel({ bookingId: id });
  expect((await (await buyer()).bookings.book(places(show, 1))).status).toBe('confirmed');
});

test('a hold that runs out opens the gate, though nobody has swept it yet', async () => {
  const show = await createTestShow(admin, [standing(1)], { holdSeconds: 1 });
  await (await buyer()).bookings.hold(places(show, 1));
  await close(show);
  const late = await buyer();
  await vi.waitUntil(async () => (await refusalOf(late.bookings.book(places(show, 1)))) === 'done', {
    timeout: 10_000,
    interval: 20,
  });
});

test('whatever the gate refuses, the box office would have refused in the same words', async () => {
  const show = await createTestShow(admin, [standing(3), seated(2, 3, 'Left'), seated(1, 4, 'Right')], {
    maxPerBooking: 4,
  });
  const [floor, left, right] = show.sectionIds as [string, string, string];
  const seatsOf = { left: show.seatIds.slice(0, 6), right: show.seatIds.slice(6) };
  const { showId } = show;
  // The floor has one place left, the left side none, the right side two.
  await (await buyer()).bookings.book(places(show, 2));
  for (const seatIds of [seatsOf.left.slice(0, 3), seatsOf.left.slice(3), seatsOf.right.slice(0, 2)]) {
    await (await buyer()).bookings.book({ showId, seatIds, idempotencyKey: newKey() });
  }
  const { userId } = await office.actor();
  const section = (sectionId: string, quantity: number) => ({ seatIds: [], sections: [{ sectionId, quantity }] });
  const seats = (...seatIds: string[]) => ({ seatIds, sections: [] });
  const wishes = [
    ...[floor, left, right].flatMap((id) => [1, 2, 3, 4, 5].map((quantity) => section(id, quantity))),
    { seatIds: [], sections: [...section(floor, 1).sections, ...section(left, 1).sections] },
    { seatIds: [], sections: [...section(right, 2).sections, ...section(floor, 2).sections] },
    { seatIds: [], sections: [...section(floor, 1).sections, ...section(floor, 1).sections] },
    { seatIds: [], sections: [...section(left, 1).sections, ...section(showId, 1).sections] },
    { ...seats(seatsOf.left[0]!), sections: section(left, 1).sections },
    ...[seats(seatsOf.left[0]!), seats(...seatsOf.left.slice(0, 4)), seats(...seatsOf.left.slice(0, 5))],
    ...[seats(seatsOf.left[0]!, seatsOf.right[0]!), seats(seatsOf.right[0]!), seats(showId)],
  ];
  const plan = await services.plans.find(showId);
  let refused = 0;
  for (const asked of wishes) {
    const isClosedAgain = () => {
      services.soldOut.consider(plan!);
      return services.soldOut.refuse(showId, { userId, ...section(left, 1) });
    };
    await vi.waitUntil(isClosedAgain, { timeout: 10_000, interval: 2 });
    const said = await services.soldOut.refuse(showId, { userId, ...asked });
    if (!said) continue;
    refused += 1;
    const claim = claimOf({ kind: 'book', userId, ...asked });
    await expect(services.boxOffice.submit(showId, claim)).resolves.toEqual({ problem: said });
  }
  expect(refused).toBeGreaterThan(10);
});
