import { createDatabase } from '@evently/db/client';
import { newId } from '@evently/db/ids';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
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
} from '../testing.ts';
import { createSeatMaps } from './seat-maps.ts';
import { type Followed, followEvents } from './testing-watch.ts';

let office: TestOffice;
let admin: Caller;
let buyer: Caller;
/** Another process on the same database, which nobody tells anything. */
let elsewhere: Services;

beforeAll(async () => {
  office = await createTestOffice();
  elsewhere = await office.open();
  admin = office.as(await office.actor('admin'));
  buyer = office.as(await office.actor());
});
afterAll(() => office[Symbol.asyncDispose]());

const until = (isSo: () => boolean | Promise<boolean>) => vi.waitUntil(isSo, { timeout: 20_000, interval: 5 });
const statesAt = async (services: Services, showId: string) => (await services.seatMaps.read(showId)).states;
const hold = (showId: string, ...seatIds: string[]) =>
  buyer.bookings.hold({ showId, seatIds, idempotencyKey: newKey() });

async function watch(services: Services, showId: string, lastVersion: number | null = null): Promise<Followed> {
  const join = await services.seatMaps.watch(showId, lastVersion);
  return followEvents(join);
}

test('every batch is seen at once by whoever reads here, with a database that they could not reach; what is no batch, is read', async () => {
  const { showId, sectionIds, seatIds } = await createTestShow(admin, [seated(1, 4), standing(5)]);
  const [stalls = '', floor = ''] = sectionIds;
  const { plans, changes } = office.services;
  const own = createDatabase({ url: office.databaseUrl, poolSize: 2 });
  const seatMaps = createSeatMaps({ db: own, plans, changes, clock: () => 0 });
  const read = async (from = seatMaps) => {
    const { version, states, sections } = await from.read(showId);
    return [version, states, ...sections.map(({ available }) => available)];
  };
  expect(await read()).toEqual([0, 'aaaa', 4, 5]);
  await own.destroy();
  const held = await hold(showId, seatIds[0]!);
  expect(await read()).toEqual([1, 'haaa', 3, 5]);
  await buyer.bookings.confirm({ bookingId: held.id });
  expect(await read()).toEqual([2, 'baaa', 3, 5]);
  const sections = [{ sectionId: floor, quantity: 2 }];
  await buyer.bookings.book({ showId, seatIds: [seatIds[1]!], sections, idempotencyKey: newKey() });
  expect(await read()).toEqual([3, 'bbaa', 2, 3]);
  await admin.admin.shows.blockSeats({ showId, seatIds: [seatIds[3]!] });
  expect(await read()).toEqual([4, 'bbax', 1, 3]);
  await admin.admin.bookings.cancel({ bookingId: held.id, reason: 'Asked for.', refund: 'full' });
  expect(await read()).toEqual([5, 'abax', 2, 3]);
  await admin.admin.shows.setCapacity({ showId, sectionId: stalls, capacity: 3 });
  expect(await read()).toEqual([6, 'abax', 1, 3]);
  const { startsAt } = await admin.events.show({ showId });
  await admin.admin.shows.update({ showId, version: 1, startsAt: startsAt.toISOString() });
  await expect(read()).rejects.toThrow();
  expect(await read(office.services.seatMaps)).toEqual([7, 'abax', 1, 3]);
  seatMaps.close();
});

test('who watches is sent the map, then what changes; another process that is told nothing ends with the same', async () => {
  const { showId, seatIds } = await createTestShow(admin, [seated(2, 10)]);
  const [here, there] = [await watch(office.services, showId), await watch(elsewhere, showId)];
  for (const watching of [here, there]) expect(watching.events).toMatchObject([{ data: { kind: 'snapshot' } }]);
  const held = await hold(showId, seatIds[0]!, seatIds[1]!);
  await hold(showId, seatIds[19]!);
  await buyer.bookings.release({ bookingId: held.id });
  const final = `${'a'.repeat(19)}h`;
  await until(() => here.states() === final && here.version() === 3);
  expect(here.events.slice(1).every(({ data }) => data.kind === 'delta')).toBe(true);
  await until(() => there.states() === final && there.version() === 3);
  await until(async () => (await statesAt(elsewhere, showId)) === final);
  here.leave();
  const seen = here.events.length;
  await hold(showId, seatIds[5]!);
  await until(() => there.version() === 4);
  expect(here.events).toHaveLength(seen);
  there.leave();
});

test('who comes back is sent what they missed and no more; from a later version, or a made up one, the map', async () => {
  const { showId, seatIds } = await createTestShow(admin, [seated(1, 10)]);
  const first = await watch(office.services, showId);
  await hold(showId, seatIds[0]!);
  await until(() => first.version() === 1);
  first.leave();
  await hold(showId, seatIds[1]!);
  await hold(showId, seatIds[2]!);
  const stays = await watch(office.services, showId);
  await until(() => stays.states() === 'hhhaaaaaaa');
  const back = await watch(office.services, showId, 1);
  expect(back.events.map(({ data }) => data.kind)).not.toContain('snapshot');
  const changes = back.events.flatMap(({ data }) => (data.kind === 'delta' ? data.changes : []));
  expect(changes.map(({ index, state }) => [index, state])).toEqual([
    [1, 'h'],
    [2, 'h'],
  ]);
  // Nothing was missed.
  expect((await watch(office.services, showId, 3)).events).toEqual([]);
  expect((await watch(office.services, showId, 999)).events).toMatchObject([
    { version: 3, data: { kind: 'snapshot' } },
  ]);
  // Told more by us than the other process knows: it looks.
  const other = await watch(elsewhere, showId);
  expect(other.version()).toBe(3);
  await hold(showId, seatIds[3]!);
  const moved = await watch(elsewhere, showId, 4);
  expect(moved.events.map(({ version }) => version).filter((version) => version < 4)).toEqual([]);
});

test('what is no show, or of a draft, is not found, until it is published', async () => {
  const { showId, eventId } = await createTestShow(admin, [seated(1, 2)]);
  const { seatMaps } = office.services;
  const outcomes = (id: string) =>
    Promise.all([seatMaps.read(id), seatMaps.watch(id, null)].map((asked) => asked.then(() => 'found', codeOfProblem)));
  expect(await outcomes(newId())).toEqual(['not_found', 'not_found']);
  const setStatus = (status: 'draft' | 'published') =>
    office.db.updateTable('events').set({ status }).where('id', '=', eventId).execute();
  await setStatus('draft');
  expect(await outcomes(showId)).toEqual(['not_found', 'not_found']);
  await setStatus('published');
  expect(await outcomes(showId)).toEqual(['found', 'found']);
});

const codeOfProblem = (error: unknown) =>
  error instanceof Error && 'problem' in error ? codeOf(new Error('', { cause: error })) : error;

test('called within the process, it streams, and refuses before it streams', async () => {
  const { showId, seatIds } = await createTestShow(admin, [seated(1, 10)]);
  const stream = await buyer.events.watch({ showId });
  const kinds: string[] = [];
  for await (const event of stream) {
    kinds.push(JSON.stringify(Object.values(event).slice(0, 2)).replace(/.*("\d+").*"kind":("\w+").*/, '$2 $1'));
    if (kinds.length === 1) await hold(showId, seatIds[0]!);
    else break;
  }
  expect(kinds).toEqual(['"snapshot" "0"', '"delta" "1"']);
  await expect(buyer.events.watch({ showId: newId() })).rejects.toThrow();
});
