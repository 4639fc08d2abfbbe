import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createChanges } from '../changes.ts';
import type { Actor, Services } from '../context.ts';
import {
  type Caller,
  codeOf,
  createTestOffice,
  createTestShow,
  newKey,
  standing,
  type TestOffice,
  type TestShow,
  tally,
} from '../testing.ts';
import { createRoomModes } from './room-modes.ts';
import { createRoomTokens } from './room-tokens.ts';

const THRESHOLD = 3;
const secret = 'a secret that only these tests know';
const clock = { ahead: 0 };
const waitingRoom = { threshold: THRESHOLD, now: () => Date.now() + clock.ahead };

let office: TestOffice;
let admin: Caller;

beforeAll(async () => {
  office = await createTestOffice(10, undefined, { secret, waitingRoom });
  admin = office.as(await office.actor('admin'));
});
afterAll(() => office[Symbol.asyncDispose]());
afterEach(() => {
  clock.ahead = 0;
});

interface Buyer {
  actor: Actor;
  call: Caller;
}

const newBuyer = async (of?: Services): Promise<Buyer> => {
  const actor = await office.actor();
  return { actor, call: office.as(actor, of) };
};
const newBuyers = (count: number) => Promise.all(Array.from({ length: count }, () => newBuyer()));

async function openShow(mode: 'auto' | 'on' | 'off', maxActive?: number, amounts: number[] = []): Promise<TestShow> {
  const show = await createTestShow(admin, [standing(100)], { amounts });
  await admin.admin.shows.waitingRoom({ showId: show.showId, mode, ...(maxActive ? { maxActive } : {}) });
  return show;
}

const wish = ({ showId, sectionIds }: TestShow, admissionToken?: string) => ({
  showId,
  sections: [{ sectionId: sectionIds[0]!, quantity: 1 }],
  idempotencyKey: newKey(),
  ...(admissionToken === undefined ? {} : { admissionToken }),
});

/** What somebody is told who wants in: `done`, or the problem's code. */
const tryTo = (work: () => Promise<unknown>) => work().then(() => 'done', codeOf);

async function admit({ call }: Buyer, { showId }: TestShow): Promise<string> {
  const { state, admissionToken = '' } = await call.waitingRoom.join({ showId });
  expect(state).toBe('admitted');
  return admissionToken;
}

describe('a show whose waiting room is on', () => {
  test('sells to those who are admitted, in their order; nobody else gets in by any token', async () => {
    const show = await openShow('on', 1);
    const { showId } = show;
    const [ada, bob, cyd] = (await newBuyers(3)) as [Buyer, Buyer, Buyer];
    await expect(ada.call.bookings.hold(wish(show))).rejects.toMatchObject({
      cause: { problem: { code: 'admission_required', showId } },
    });
    const token = await admit(ada, show);
    expect(await bob.call.waitingRoom.join({ showId })).toMatchObject({ state: 'queued', position: 1 });
    expect(await cyd.call.waitingRoom.join({ showId })).toMatchObject({ state: 'queued', position: 2 });
    expect(await ada.call.waitingRoom.status({ showId })).toMatchObject({
      state: 'admitted',
      expiresAt: expect.any(Date),
    });

    const elsewhere = await openShow('on', 1);
    const tokens = createRoomTokens(secret);
    const bearer = { userId: bob.actor.userId, showId };
    const bad: Record<string, string> = {
      'somebody else’s': token,
      'of another show': await admit(bob, elsewhere),
      'signed by somebody else': await createRoomTokens('guessed').signAdmission(bearer, Date.now() + 60_000),
      'never given': await tokens.signAdmission(bearer, Date.now() + 5 * 60_000),
      'a place in the line': (await bob.call.waitingRoom.join({ showId })).queueToken ?? '',
      'not signed at all': `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.x`,
    };
    for (const [what, admissionToken] of Object.entries(bad)) {
      expect(await tryTo(() => bob.call.bookings.book(wish(show, admissionToken))), what).toBe('admission_required');
    }
    expect(await tryTo(() => ada.call.bookings.book(wish(show, token)))).toBe('done');
    expect(await tryTo(() => ada.call.bookings.book(wish(show, token))), 'already spent').toBe('admission_required');
    expect((await cyd.call.waitingRoom.status({ showId })).position).toBe(1);
    expect((await bob.call.waitingRoom.status({ showId })).state).toBe('admitted');
  });

  test('takes an admission for as long as it lasts', async () => {
    const show = await openShow('on', 1);
    const ada = await newBuyer();
    const token = await admit(ada, show);
    expect(await tryTo(() => ada.call.bookings.hold(wish(show, token)))).toBe('done');
    clock.ahead += 5 * 60_000 + 6000;
    expect(await tryTo(() => ada.call.bookings.hold(wish(show, token)))).toBe('admission_required');
  });

  test('answers what was served before, with or without a token, at once or twice at the same time', async () => {
    const show = await openShow('on', 1);
    const ada = await newBuyer();
    const request = wish(show, await admit(ada, show));
    const both = await Promise.all([ada.call.bookings.book(request), ada.call.bookings.book(request)]);
    const { admissionToken: _, ...bare } = request;
    const again = [await ada.call.bookings.book(request), await ada.call.bookings.book(bare)];
    expect(new Set([...both, ...again].map(({ id }) => id)).size).toBe(1);
    const other = { ...request, sections: [{ ...request.sections[0]!, quantity: 2 }] };
    expect(await tryTo(() => ada.call.bookings.book(other))).toBe('idempotency_mismatch');
    expect(await tryTo(async () => (await newBuyer()).call.bookings.book(request))).toBe('admission_required');
  });

  test.each([
    ['free', 0, undefined],
    ['paid for', 700, { provider: 'sandbox', token: 'pm_ok' }],
  ] as const)('lets one admission buy once, however many requests come at once (%s)', async (_, amount, payment) => {
    const show = await openShow('on', 1, [amount]);
    const ada = await newBuyer();
    const token = await admit(ada, show);
    const book = () => ada.call.bookings.book({ ...wish(show, token), ...(payment ? { payment } : {}) });
    const results = await Promise.allSettled(Array.from({ length: 5 }, book));
    expect(tally(results)).toEqual({ done: 1, admission_required: 4 });
  });

  test('never stands between a hold and its end: who holds may confirm, extend and release, and is active until then', async () => {
    const show = await openShow('on', 2);
    const { showId } = show;
    const [ada, bob, cyd, dan] = (await newBuyers(4)) as [Buyer, Buyer, Buyer, Buyer];
    const [ofAda, ofBob] = [await admit(ada, show), await admit(bob, show)];
    const { id: first } = await ada.call.bookings.hold(wish(show, ofAda));
    const { id: second } = await bob.call.bookings.hold(wish(show, ofBob));
    clock.ahead += 5 * 60_000 + 1000;
    for (const { call } of [cyd, dan]) expect((await call.waitingRoom.join({ showId })).state).toBe('queued');
    expect(await tryTo(() => ada.call.bookings.extend({ bookingId: first }))).toBe('done');
    expect(await tryTo(() => ada.call.bookings.confirm({ bookingId: first }))).toBe('done');
    expect((await dan.call.waitingRoom.status({ showId })).position).toBe(1);
    expect((await cyd.call.waitingRoom.status({ showId })).state).toBe('admitted');
    expect(await tryTo(() => bob.call.bookings.release({ bookingId: second }))).toBe('done');
    expect((await dan.call.waitingRoom.status({ showId })).state).toBe('admitted');
    expect(await tryTo(() => dan.call.bookings.cancel({ bookingId: first }))).toBe('not_found');
    expect(await tryTo(() => ada.call.bookings.cancel({ bookingId: first }))).toBe('done');
  });

  test('is left at once, by those who wait and those who are in', async () => {
    const show = await openShow('on', 1);
    const { showId } = show;
    const [ada, bob, cyd] = (await newBuyers(3)) as [Buyer, Buyer, Buyer];
    const token = await admit(ada, show);
    for (const { call } of [bob, cyd]) await call.waitingRoom.join({ showId });
    for (const { call } of [bob, ada, ada]) expect(await call.waitingRoom.leave({ showId })).toEqual({ ok: true });
    expect(await tryTo(() => ada.call.bookings.hold(wish(show, token)))).toBe('admission_required');
    expect(await tryTo(() => bob.call.waitingRoom.status({ showId }))).toBe('not_found');
    expect((await cyd.call.waitingRoom.status({ showId })).state).toBe('admitted');
  });
});

test('auto: nobody waits until as many as the threshold are active; who was one of them goes on', async () => {
  const show = await openShow('auto');
  const { showId } = show;
  const buyers = await newBuyers(THRESHOLD + 2);
  const [ada, , , dan, eve] = buyers as [Buyer, Buyer, Buyer, Buyer, Buyer];
  expect((await ada.call.waitingRoom.join({ showId })).state).toBe('open');
  const holds = [];
  for (const { call } of buyers.slice(0, THRESHOLD)) holds.push(await call.bookings.hold(wish(show)));
  expect(await tryTo(() => dan.call.bookings.hold(wish(show)))).toBe('admission_required');
  expect(await tryTo(() => ada.call.bookings.hold(wish(show))), 'the same for everybody').toBe('admission_required');
  expect(await tryTo(async () => ada.call.bookings.hold(wish(show, await admit(ada, show))))).toBe('done');
  for (const { call } of [dan, eve]) expect((await call.waitingRoom.join({ showId })).state).toBe('queued');
  for (const [n, hold] of holds.entries()) {
    if (n > 0) expect(await tryTo(() => buyers[n]!.call.bookings.confirm({ bookingId: hold.id }))).toBe('done');
  }
  for (const buyer of [dan, eve])
    expect(await tryTo(async () => buyer.call.bookings.book(wish(show, await admit(buyer, show))))).toBe('done');
  // Nobody waits, and there is room: it is open again.
  expect(await tryTo(async () => (await newBuyer()).call.bookings.hold(wish(show)))).toBe('done');
  const calm = await openShow('auto');
  expect(await tryTo(() => eve.call.bookings.hold(wish(calm)))).toBe('done');
});

test('who asks for a place that they do not have is told so; where nobody waits, that it is open', async () => {
  const { call } = await newBuyer();
  const { showId } = await openShow('on', 1);
  expect(await tryTo(() => call.waitingRoom.status({ showId }))).toBe('not_found');
  const open = await openShow('off');
  expect(await call.waitingRoom.status({ showId: open.showId })).toMatchObject({ state: 'open' });
  const { id: eventId } = await admin.admin.events.create({ name: 'Plan', description: 'A plan.', category: 'talk' });
  const { venueId, sectionIds } = open;
  const [startsAt, endsAt] = [86_400_000, 90_000_000].map((ms) => new Date(Date.now() + ms).toISOString()) as [
    string,
    string,
  ];
  const prices = [{ sectionId: sectionIds[0]!, amount: 0 }];
  const draft = await admin.admin.shows.create({ eventId, venueId, startsAt, endsAt, currency: 'EUR', prices });
  for (const hidden of [draft.id, newKey()]) {
    for (const verb of ['join', 'status', 'leave'] as const) {
      expect(await tryTo(() => call.waitingRoom[verb]({ showId: hidden }))).toBe('not_found');
    }
  }
  expect(await tryTo(() => call.bookings.hold({ ...wish(open), showId: newKey() }))).toBe('not_found');
  expect(await tryTo(() => admin.admin.shows.waitingRoom({ showId: newKey(), mode: 'on' }))).toBe('not_found');
});

test('a process that begins anew has people’s places and admissions from their tokens, and from nobody else’s', async () => {
  const show = await openShow('on', 1);
  const { showId } = show;
  const [ada, bob, cyd, dan] = (await newBuyers(4)) as [Buyer, Buyer, Buyer, Buyer];
  const admissionToken = await admit(ada, show);
  const ofBob = await bob.call.waitingRoom.join({ showId });
  const ofCyd = await cyd.call.waitingRoom.join({ showId });
  await new Promise((resolve) => setTimeout(resolve, 5));
  const anew = await office.open();
  const at = ({ actor }: Buyer) => office.as(actor, anew);
  const join = (buyer: Buyer, queueToken?: string) =>
    at(buyer).waitingRoom.join({ showId, ...(queueToken ? { queueToken } : {}) });
  expect(await join(cyd, ofCyd.queueToken)).toMatchObject({ state: 'queued', position: 1 });
  expect(await join(dan, ofBob.queueToken), 'somebody else’s').toMatchObject({ state: 'queued', position: 2 });
  expect(await join(bob, ofBob.queueToken)).toMatchObject({ state: 'queued', position: 1 });
  expect(await at(dan).waitingRoom.status({ showId })).toMatchObject({ position: 3 });
  expect(await tryTo(() => at(ada).bookings.book(wish(show, admissionToken)))).toBe('done');
  expect(await tryTo(() => at(ada).bookings.book(wish(show, admissionToken)))).toBe('admission_required');
});

test('what is set for a room is remembered for less than a second, and until an edit is told', async () => {
  const { showId, eventId } = await openShow('off');
  const changes = createChanges({ error: () => undefined });
  const time = { ms: 0 };
  const modes = createRoomModes({ db: office.db, changes, clock: () => time.ms });
  const set = (waiting_room_mode: 'on' | 'auto') =>
    office.db.updateTable('shows').set({ waiting_room_mode }).where('id', '=', showId).execute();
  expect(modes.peek(showId)).toBe(undefined);
  expect(await modes.find(showId)).toEqual({ mode: 'off', maxActive: null });
  await set('on');
  time.ms = 250;
  expect(modes.peek(showId)?.mode).toBe('off');
  time.ms = 999;
  expect(modes.peek(showId)).toBe(undefined);
  expect((await modes.find(showId))?.mode).toBe('on');
  await set('auto');
  changes.tell({ kind: 'event', eventId });
  expect((await modes.find(showId))?.mode).toBe('auto');
});

test('what an admin sets, another process follows within a second, and shows tell of it', async () => {
  const show = await openShow('off');
  const { showId } = show;
  const other = await office.open();
  const { actor } = await newBuyer();
  const hold = () => tryTo(() => office.as(actor, other).bookings.hold(wish(show)));
  expect(await hold()).toBe('done');
  const set = await admin.admin.shows.waitingRoom({ showId, mode: 'on', maxActive: 7 });
  expect(set.waitingRoom).toEqual({ mode: 'on', maxActive: 7 });
  await vi.waitUntil(async () => (await hold()) === 'admission_required', { timeout: 30_000, interval: 20 });
  expect((await office.as(actor, other).events.show({ showId })).waitingRoom).toEqual({ mode: 'on', maxActive: 7 });
  const { waitingRoom } = await admin.admin.shows.waitingRoom({ showId, mode: 'auto' });
  expect(waitingRoom).toEqual({ mode: 'auto', maxActive: null });
});
