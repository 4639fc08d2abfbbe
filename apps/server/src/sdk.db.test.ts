import { createEvently, type Evently, type EventlyError, isProblem } from '@evently/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './testing.ts';

let server: TestServer;
let admin: Evently;

beforeAll(async () => {
  server = await startTestServer();
  const account = await signUp('admin@example.com');
  await server.db.updateTable('users').set({ role: 'admin' }).where('id', '=', account.user.id).execute();
  // A session is as long as the role of whoever opened it allows, so the new role wants a new one.
  const { token } = await account.evently.auth.login({ email: 'admin@example.com', password: PASSWORD });
  admin = createEvently({ url: server.url, token });
});
afterAll(async () => await server[Symbol.asyncDispose]());

const PASSWORD = 'correct horse battery';

async function signUp(email: string) {
  const { token, user } = await createEvently({ url: server.url }).auth.register({
    email,
    password: PASSWORD,
    name: 'Ada',
  });
  return { user, token, evently: createEvently({ url: server.url, token }) };
}

/** A published event with one free show: a row of seats, and room to stand. */
async function openShow(name: string, { seats = 10, standing = 10 } = {}) {
  const venue = await admin.admin.venues.create({
    name: 'Hall',
    city: 'Vienna',
    country: 'AT',
    timeZone: 'Europe/Vienna',
    sections: [
      { name: 'Stalls', kind: 'seated', rows: [{ row: 'A', seats }] },
      { name: 'Floor', kind: 'standing', capacity: standing },
    ],
  });
  const event = await admin.admin.events.create({ name, description: 'An evening.', category: 'concert' });
  const show = await admin.admin.shows.create({
    eventId: event.id,
    venueId: venue.id,
    startsAt: '2099-11-20T19:30:00Z',
    endsAt: '2099-11-20T22:00:00Z',
    currency: 'EUR',
    prices: venue.sections.map(({ id }) => ({ sectionId: id, amount: 0 })),
  });
  await admin.admin.events.publish({ eventId: event.id });
  const layout = await admin.events.seatLayout({ showId: show.id });
  const seatIds = layout.sections.flatMap(({ rows }) => rows.flatMap((row) => row.seats.map(({ seatId }) => seatId)));
  return { eventId: event.id, showId: show.id, seatIds, floorId: venue.sections[1]?.id ?? '' };
}

async function failureOf(promise: Promise<unknown>): Promise<EventlyError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isProblem(error)) throw new Error('a problem was expected', { cause: error });
  return error;
}

const countBookings = async (showId: string) =>
  (await server.db.selectFrom('bookings').select('id').where('show_id', '=', showId).execute()).length;

test('somebody registers, is known by the token, and is nobody after signing out', async () => {
  const { evently, user, token } = await signUp('ada@example.com');
  expect(await evently.auth.me()).toEqual(user);
  expect(await createEvently({ url: `${server.url}/`, token: async () => token }).auth.me()).toEqual(user);
  await evently.auth.logout();
  expect(isProblem(await failureOf(evently.auth.me()), 'unauthenticated')).toBe(true);
});

test('a show is found, held, confirmed and read back, with dates and money as they are', async () => {
  const { showId, eventId, seatIds } = await openShow('Moonlight sonata');
  const { evently, user } = await signUp('clara@example.com');
  const { items } = await evently.events.list({ q: 'moonlight' });
  expect(items.map(({ id }) => id)).toEqual([eventId]);
  expect(items[0]?.nextShowAt).toEqual(new Date('2099-11-20T19:30:00Z'));
  const held = await evently.bookings.hold({ showId, seatIds: seatIds.slice(0, 2), metadata: { table: [1, null] } });
  expect(held).toMatchObject({ status: 'held', quantity: 2, userId: user.id, total: { amount: 0, currency: 'EUR' } });
  expect(held.expiresAt).toBeInstanceOf(Date);
  const confirmed = await evently.bookings.confirm({ bookingId: held.id });
  expect(confirmed.tickets.map(({ label, status }) => [label, status])).toEqual([
    ['Stalls, row A, seat 1', 'valid'],
    ['Stalls, row A, seat 2', 'valid'],
  ]);
  expect(await evently.bookings.get({ bookingId: held.id })).toEqual(confirmed);
  expect((await evently.events.seatStates({ showId })).states).toBe('bbaaaaaaaa');
});

test('all yields every item of every page, once and in order', async () => {
  const { showId, floorId } = await openShow('Pages');
  const { evently } = await signUp('reader@example.com');
  const ids: string[] = [];
  for (let i = 0; i < 5; i += 1) {
    ids.unshift((await evently.bookings.book({ showId, sections: [{ sectionId: floorId, quantity: 1 }] })).id);
  }
  const read: string[] = [];
  for await (const booking of evently.bookings.list.all({ limit: 2 })) read.push(booking.id);
  expect(read).toEqual(ids);
});

test('eight parties want the best four seats at once: each sits together, on seats of its own', async () => {
  const { showId } = await openShow('Together', { seats: 60 });
  const parties = await Promise.all(Array.from({ length: 8 }, (_, n) => signUp(`party-${n}@example.com`)));
  const held = await Promise.all(
    parties.map(({ evently }) => evently.bookings.holdBest({ showId, quantity: 4, metadata: { of: 'four' } })),
  );
  const seats = held.map(({ tickets }) => tickets.map(({ label }) => Number(label.split(' ').at(-1))));
  for (const numbers of seats) expect(numbers).toEqual([0, 1, 2, 3].map((n) => numbers[0]! + n));
  expect(new Set(seats.flat()).size).toBe(32);
  expect(held.every(({ status }) => status === 'held')).toBe(true);
});

test('the same key is the same booking, and no key is a booking each', async () => {
  const { showId, seatIds } = await openShow('Keys');
  const { evently } = await signUp('keys@example.com');
  const idempotencyKey = 'my-order-1';
  const first = await evently.bookings.book({ showId, seatIds: seatIds.slice(0, 1), idempotencyKey });
  const again = await evently.bookings.book({ showId, seatIds: seatIds.slice(0, 1), idempotencyKey });
  const other = await evently.bookings.book({ showId, seatIds: seatIds.slice(1, 2) });
  expect(again).toEqual(first);
  expect(other.id).not.toBe(first.id);
  expect(await countBookings(showId)).toBe(2);
  const mismatch = await failureOf(evently.bookings.book({ showId, seatIds: seatIds.slice(3, 4), idempotencyKey }));
  expect(mismatch).toMatchObject({ problem: { code: 'idempotency_mismatch' }, idempotencyKey });
});

test('an answer that is lost on its way is asked for again, and costs no second seat', async () => {
  const { showId, floorId } = await openShow('Lost');
  const { token } = await signUp('lost@example.com');
  let sent = 0;
  const evently = createEvently({
    url: server.url,
    token,
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      sent += 1;
      if (sent < 3) throw new TypeError('the connection was reset');
      return response;
    },
  });
  const booking = await evently.bookings.book({ showId, sections: [{ sectionId: floorId, quantity: 1 }] });
  expect(booking.status).toBe('confirmed');
  expect(sent).toBe(3);
  expect(await countBookings(showId)).toBe(1);
});

test('a booking given up half way is found by repeating it with its key', async () => {
  const { showId, seatIds } = await openShow('Abort');
  const { evently, token } = await signUp('abort@example.com');
  const wish = { showId, seatIds: seatIds.slice(0, 1), idempotencyKey: 'given-up' };
  const controller = new AbortController();
  const impatient = createEvently({
    url: server.url,
    token,
    fetch: (url, init) => {
      const response = fetch(url, init);
      controller.abort(new Error('the user left the page'));
      return response;
    },
  });
  const error: unknown = await impatient.bookings
    .book(wish, { signal: controller.signal })
    .catch((reason: unknown) => reason);
  expect(error).toBe(controller.signal.reason);
  expect((await evently.bookings.book(wish)).status).toBe('confirmed');
  expect(await countBookings(showId)).toBe(1);
});

test('problems arrive with their facts', async () => {
  const { showId, seatIds, floorId } = await openShow('Problems', { standing: 2 });
  const { evently } = await signUp('problems@example.com');
  const rival = await signUp('rival@example.com');
  const rivals = await rival.evently.bookings.book({ showId, seatIds: seatIds.slice(0, 2) });

  const taken = await failureOf(evently.bookings.book({ showId, seatIds: seatIds.slice(1, 3) }));
  expect(isProblem(taken, 'seat_taken') && taken.problem.seatIds).toEqual(seatIds.slice(1, 2));
  expect(taken).toMatchObject({ status: 409, retryable: true, message: taken.problem.detail });
  expect(taken.requestId).toMatch(/^[\w-]{8,}$/);

  const soldOut = await failureOf(evently.bookings.book({ showId, sections: [{ sectionId: floorId, quantity: 3 }] }));
  expect(isProblem(soldOut, 'sold_out') && soldOut.problem.available).toBe(2);

  const notMine = await failureOf(evently.bookings.get({ bookingId: rivals.id }));
  expect(isProblem(notMine, 'not_found')).toBe(true);

  const invalid = await failureOf(evently.bookings.hold({ showId, sections: [{ sectionId: floorId, quantity: 0 }] }));
  expect(isProblem(invalid, 'invalid_input') && invalid.problem.issues[0]?.path).toBe('sections.0.quantity');

  const forbidden = await failureOf(evently.admin.users.list());
  expect(forbidden).toMatchObject({ problem: { code: 'forbidden' }, status: 403, retryable: false });
});

test('a server that is not there is the problem unavailable', async () => {
  // Nothing listens on the port of discard, and nobody may take it without being root.
  const error = await failureOf(createEvently({ url: 'http://127.0.0.1:9', retries: 0 }).events.list());
  expect(isProblem(error, 'unavailable') && error.problem.retryAfterMs).toBe(0);
});

test('the plain tRPC client works beside the calls', async () => {
  const { evently, user } = await signUp('plain@example.com');
  expect(await evently.trpc.auth.me.query()).toEqual(user);
  await expect(evently.trpc.admin.users.list.query({})).rejects.toMatchObject({
    data: { problem: { code: 'forbidden' } },
  });
});
