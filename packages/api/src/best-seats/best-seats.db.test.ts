import { afterAll, beforeAll, expect, test } from 'vitest';
import { createScriptContext, type Services } from '../context.ts';
import type { SeatLocks } from '../locks.ts';
import { ProblemError, type SeatSuggestion } from '../problem.ts';
import { createCaller } from '../router.ts';
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
import { createAlternatives } from './alternatives.ts';

let office: TestOffice;
let admin: Caller;
let ada: Caller;
let grace: Caller;

beforeAll(async () => {
  office = await createTestOffice(20);
  admin = office.as(await office.actor('admin'));
  ada = office.as(await office.actor());
  grace = office.as(await office.actor());
});
afterAll(() => office[Symbol.asyncDispose]());

const hold = ({ showId }: TestShow, seatIds: string[], of = ada) =>
  of.bookings.hold({ showId, seatIds, idempotencyKey: newKey() });
const codeFrom = async (work: Promise<unknown>) => work.then(() => 'done', codeOf);

/** The problem that a call was refused with. */
async function problemFrom(work: Promise<unknown>): Promise<ProblemError['problem']> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Error && error.cause instanceof ProblemError) return error.cause.problem;
  throw new Error('a refusal was expected', { cause: error });
}

/** The seats that a refusal offers instead. */
async function alternativesFrom(work: Promise<unknown>): Promise<SeatSuggestion[]> {
  const problem = await problemFrom(work);
  if (problem.code !== 'seat_taken') throw new Error(`it was ${problem.code}`);
  return problem.alternatives ?? [];
}

test('suggested are the best free seats, at the price of now, as far as they go', async () => {
  const show = await createTestShow(admin, [seated(2, 7, 'Stalls'), seated(1, 4, 'Balcony'), standing(50)], {
    amounts: [5000, 2000, 0],
  });
  const { showId, seatIds, sectionIds } = show;
  const suggest = async (wish: { quantity: number; sectionIds?: string[]; maxPrice?: number }) =>
    (await ada.events.suggestSeats({ showId, ...wish })).suggestions;

  const [best, ...others] = await suggest({ quantity: 3 });
  expect(best).toEqual({
    seatIds: seatIds.slice(2, 5),
    sectionId: sectionIds[0],
    adjacent: true,
    orphans: 0,
    total: { amount: 15_000, currency: 'EUR' },
  });
  expect(others.map(({ sectionId }) => sectionIds.indexOf(sectionId))).toEqual([0, 1]);
  expect((await suggest({ quantity: 2, maxPrice: 2000 })).map(({ sectionId }) => sectionId)).toEqual([sectionIds[1]]);
  await admin.admin.shows.update({ showId, version: 1, prices: [{ sectionId: sectionIds[1]!, amount: 2001 }] });
  expect(await suggest({ quantity: 2, maxPrice: 2000 })).toEqual([]);

  await hold(show, seatIds.slice(2, 5));
  await admin.admin.shows.blockSeats({ showId, seatIds: seatIds.slice(7, 13) });
  expect((await suggest({ quantity: 2, sectionIds: [sectionIds[0]!] })).map((s) => s.seatIds)).toEqual([
    seatIds.slice(0, 2),
  ]);
  // A section whose capacity is lowered has free seats that nobody can have.
  await admin.admin.shows.setCapacity({ showId, sectionId: sectionIds[0]!, capacity: 10 });
  expect(await suggest({ quantity: 2, sectionIds: [sectionIds[0]!] })).toEqual([]);
});

test('where there are no seats nothing is suggested; what makes no sense is refused by name', async () => {
  const floor = await createTestShow(admin, [standing(50)]);
  expect(await ada.events.suggestSeats({ showId: floor.showId, quantity: 2 })).toEqual({ suggestions: [] });

  const { showId, seatIds } = await createTestShow(admin, [seated(1, 4)], { maxPerBooking: 4 });
  const ask = (wish: { quantity: number; sectionIds?: string[] }) =>
    problemFrom(ada.events.suggestSeats({ showId, ...wish }));
  expect(await ask({ quantity: 5 })).toEqual({ code: 'limit_exceeded', limit: 4 });
  expect(await ask({ quantity: 2, sectionIds: floor.sectionIds })).toMatchObject({
    code: 'invalid_input',
    issues: [{ path: 'sectionIds.0' }],
  });
  await ada.bookings.book({ showId, seatIds, idempotencyKey: newKey() });
  expect(await ada.events.suggestSeats({ showId, quantity: 1 })).toEqual({ suggestions: [] });

  const { sectionIds } = await createTestShow(admin, [seated(1, 1)]);
  expect(await codeFrom(ada.events.suggestSeats({ showId: sectionIds[0]!, quantity: 1 }))).toBe('not_found');
});

test('whoever refuses a seat, the box office, the gate or a lock, there are alternatives: near it first, never it', async () => {
  const show = await createTestShow(admin, [seated(1, 2, 'Box'), seated(2, 6, 'Stalls')], { amounts: [0, 0] });
  const { seatIds } = show;
  await hold(show, [seatIds[2]!]);
  const fromOffice = await alternativesFrom(hold(show, [seatIds[2]!, seatIds[3]!], grace));
  expect(fromOffice[0]).toEqual({
    seatIds: seatIds.slice(3, 5),
    sectionId: show.sectionIds[1],
    adjacent: true,
    orphans: 0,
    total: { amount: 0, currency: 'EUR' },
  });

  const locks: SeatLocks = {
    ...office.services.locks,
    withSeats: async () => {
      throw new ProblemError({ code: 'seat_taken', seatIds: [seatIds[8]!] });
    },
  };
  const locked = createCaller(createScriptContext({ ...office.services, locks }, await office.actor()));
  const fromLocks = await alternativesFrom(hold(show, [seatIds[8]!], locked));
  expect(fromLocks).toHaveLength(3);
  expect(fromLocks.flatMap((offer) => offer.seatIds)).not.toContain(seatIds[8]);

  await hold(show, seatIds.slice(0, 2));
  const soldOut: Services['soldOut'] = {
    ...office.services.soldOut,
    refuse: async () => ({ code: 'seat_taken', seatIds: seatIds.slice(0, 2) }),
  };
  const gated = createCaller(createScriptContext({ ...office.services, soldOut }, await office.actor()));
  expect((await alternativesFrom(hold(show, seatIds.slice(0, 2), gated)))[0]).toMatchObject({ adjacent: true });
});

test('when the last seats are gone there is nothing to offer, and the refusal has no empty list', async () => {
  const show = await createTestShow(admin, [seated(1, 2)]);
  await hold(show, show.seatIds);
  expect(await problemFrom(hold(show, show.seatIds, grace))).toEqual({ code: 'seat_taken', seatIds: show.seatIds });
});

test('a crowd that wants the same seats costs a few looks at the map, and is sent to different ones, all free', async () => {
  const show = await createTestShow(admin, [seated(20, 20)]);
  const wanted = show.seatIds.slice(200, 202);
  await hold(show, wanted);
  let reads = 0;
  const seatMaps: Pick<Services['seatMaps'], 'read'> = {
    read: (showId) => {
      reads += 1;
      return office.services.seatMaps.read(showId);
    },
  };
  let now = 0;
  const { plans, terms } = office.services;
  const alternatives = createAlternatives({ plans, terms, seatMaps, clock: () => now });
  const dealt = await Promise.all(Array.from({ length: 60 }, () => alternatives.find(show.showId, wanted, wanted)));
  expect(reads).toBe(1);
  const all = dealt.flat().flatMap(({ seatIds }) => seatIds);
  expect([all.length, new Set(all).size]).toEqual([360, 360]);
  expect(all.filter((seatId) => wanted.includes(seatId))).toEqual([]);

  const first = dealt[0]![0]!.seatIds;
  await hold(show, first, grace);
  now = 5000;
  const later = await alternatives.find(show.showId, wanted, wanted);
  expect(reads).toBe(2);
  expect(later.flatMap(({ seatIds }) => seatIds).filter((seatId) => first.includes(seatId))).toEqual([]);
});

test('looking for alternatives takes a twentieth of the process at most; beyond that there are none', async () => {
  const show = await createTestShow(admin, [seated(2, 6)]);
  const { plans, terms, seatMaps } = office.services;
  let now = 0;
  // Each look at this clock takes a millisecond.
  const alternatives = createAlternatives({ plans, terms, seatMaps, clock: () => (now += 1) });
  const seat = show.seatIds.slice(0, 1);
  const ask = async () => (await alternatives.find(show.showId, seat, seat)).length > 0;
  const answers: boolean[] = [];
  for (let call = 0; call < 30; call += 1) answers.push(await ask());
  expect(answers.slice(0, 3)).toEqual([true, true, true]);
  expect(answers.slice(-10)).not.toContain(true);
  now += 200;
  expect(await ask()).toBe(true);
});

test('a refusal does not wait long for a map that does not come, nor fail with one that cannot be read', async () => {
  const show = await createTestShow(admin, [seated(1, 2)]);
  const { plans, terms } = office.services;
  const find = (read: () => Promise<never>) =>
    createAlternatives({ plans, terms, seatMaps: { read } }).find(show.showId, show.seatIds, show.seatIds);
  expect(await find(() => new Promise<never>(() => undefined))).toEqual([]);
  expect(await find(() => Promise.reject(new Error('the database is away')))).toEqual([]);
});

test('a look that does not come makes the last one serve, for a second', async () => {
  const show = await createTestShow(admin, [seated(2, 2)]);
  const { plans, terms, seatMaps } = office.services;
  let read = seatMaps.read;
  let now = 0;
  const alternatives = createAlternatives({ plans, terms, seatMaps: { read: (id) => read(id) }, clock: () => now });
  const ask = () => alternatives.find(show.showId, show.seatIds.slice(0, 1), show.seatIds.slice(0, 1));
  expect(await ask()).toHaveLength(1);
  read = () => Promise.reject(new Error('the database is away'));
  now = 500;
  expect(await ask()).toHaveLength(1);
  read = () => new Promise<never>(() => undefined);
  now = 999;
  expect(await ask()).toHaveLength(1);
  now = 1000;
  expect(await ask()).toEqual([]);
});

test('a later look goes on where the last one left off, without what was sold meanwhile', async () => {
  const show = await createTestShow(admin, [seated(10, 10)]);
  const { plans, terms, seatMaps } = office.services;
  let now = 0;
  const alternatives = createAlternatives({ plans, terms, seatMaps, clock: () => now });
  const wanted = show.seatIds.slice(50, 52);
  const ask = () => alternatives.find(show.showId, wanted, wanted);
  const offered = new Set<string>();
  for (let round = 0; round < 6; round += 1) {
    now += 10;
    const [best, ...others] = await ask();
    for (const { seatIds } of [best!, ...others]) {
      expect(offered).not.toContain(seatIds.join());
      offered.add(seatIds.join());
    }
    await hold(show, best!.seatIds, office.as(await office.actor()));
  }
  // Once nobody was refused for a second, it begins with what is nearest again.
  now += 1000;
  const anew = createAlternatives({ plans, terms, seatMaps });
  expect(await ask()).toEqual(await anew.find(show.showId, wanted, wanted));
});

test('places by section are the best seats, too', async () => {
  const show = await createTestShow(admin, [seated(2, 7)]);
  const { suggestions } = await ada.events.suggestSeats({ showId: show.showId, quantity: 3 });
  const sections = [{ sectionId: show.sectionIds[0]!, quantity: 3 }];
  const { tickets } = await ada.bookings.hold({ showId: show.showId, sections, idempotencyKey: newKey() });
  expect(tickets.map(({ seatId }) => seatId)).toEqual(suggestions[0]!.seatIds);
});
