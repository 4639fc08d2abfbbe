import { newId, shardOf } from '@evently/db/ids';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createTestOffice,
  createTestShow,
  newKey,
  seated,
  standing,
  type TestOffice,
  type TestShow,
} from '../testing.ts';
import { listViolations } from './invariants.ts';

let office: TestOffice;
beforeAll(async () => {
  office = await createTestOffice();
});
afterAll(() => office[Symbol.asyncDispose]());

/** A show with a sale, a hold and a blocked seat, and its violations after `damage` was done to the tables. */
async function violationsAfter(damage: (show: TestShow) => Promise<unknown>): Promise<string[]> {
  const admin = office.as(await office.actor('admin'));
  const show = await createTestShow(admin, [seated(1, 4), standing(5)]);
  const buyer = office.as(await office.actor());
  const { showId, seatIds } = show;
  await buyer.bookings.book({ showId, seatIds: [seatIds[0]!], idempotencyKey: newKey() });
  await buyer.bookings.hold({ showId, seatIds: [seatIds[1]!], idempotencyKey: newKey() });
  await admin.admin.shows.blockSeats({ showId, seatIds: [seatIds[2]!] });
  await damage(show);
  return await listViolations(office.db, { showId, shard: shardOf(showId) });
}

const run = (statement: ReturnType<typeof sql>) => statement.execute(office.db);

test('a show that nobody tampered with has no violations', async () => {
  expect(await violationsAfter(async () => undefined)).toEqual([]);
});

test('I1: a seat with two live tickets is reported, as is one that is kept back and sold', async () => {
  const found = await violationsAfter(async ({ showId, seatIds }) => {
    await run(sql`DROP INDEX tickets_live_seat`);
    await run(sql`UPDATE tickets SET seat_id = ${seatIds[0]} WHERE show_id = ${showId}`);
    await run(sql`INSERT INTO blocked_seats SELECT show_id, seat_id, shard, section_id FROM tickets
      WHERE show_id = ${showId} LIMIT 1`);
  });
  expect(found.filter((line) => line.startsWith('I1'))).toHaveLength(3);
});

test('I2: counters that disagree with the tickets are reported', async () => {
  for (const column of ['held', 'sold', 'blocked']) {
    const found = await violationsAfter(({ showId }) =>
      run(sql`UPDATE show_sections SET ${sql.ref(column)} = ${sql.ref(column)} + 1 WHERE show_id = ${showId}`),
    );
    expect(found.map((line) => line.slice(0, 2))).toEqual(['I2', 'I2']);
  }
});

test('I3: tickets that do not fit their booking are reported', async () => {
  const released = await violationsAfter(({ showId }) =>
    run(sql`UPDATE bookings SET status = 'released', expires_at = NULL WHERE show_id = ${showId} AND status = 'held'`),
  );
  expect(released.filter((line) => line.startsWith('I3'))).toEqual([expect.stringMatching(/released: 1 tickets/)]);
  const counted = await violationsAfter(({ showId }) =>
    run(sql`UPDATE bookings SET quantity = 7, total = 7 WHERE show_id = ${showId}`),
  );
  expect(counted.filter((line) => line.startsWith('I3'))).toHaveLength(2);
});

test('I4: a hold that nobody ended is reported, as are places that were given back twice', async () => {
  const found = await violationsAfter(async ({ showId }) => {
    await run(
      sql`UPDATE bookings SET expires_at = now() - interval '2 minutes' WHERE show_id = ${showId} AND status = 'held'`,
    );
    await run(sql`INSERT INTO booking_events SELECT booking_id, seq + n, shard, 'expired', actor, at, data, previous_hash, hash
      FROM booking_events, generate_series(1, 2) n
      WHERE booking_id IN (SELECT id FROM bookings WHERE show_id = ${showId} AND status = 'held')`);
  });
  expect(found.filter((line) => line.startsWith('I4'))).toHaveLength(2);
});

test('I5: money that is not accounted for is reported', async () => {
  const found = await violationsAfter(({ showId }) =>
    run(sql`INSERT INTO payments SELECT ${newId()}::uuid, shard, id, show_id, 'charge', 'succeeded', 100, 'EUR', 'sandbox', NULL, false, now()
      FROM bookings WHERE show_id = ${showId} AND status = 'confirmed'`),
  );
  expect(found).toEqual([expect.stringMatching(/^I5: .*was paid 100; its tickets cost 0/)]);
});

test('I8: a row, a deadline or a history that was changed by hand is reported', async () => {
  const chain = await violationsAfter(({ showId }) =>
    run(sql`UPDATE booking_events SET at = at + interval '1 second'
      WHERE booking_id IN (SELECT id FROM bookings WHERE show_id = ${showId} AND status = 'confirmed')`),
  );
  expect(chain).toEqual([expect.stringMatching(/^I8: the chain of booking .* breaks at 1/)]);
  const row = await violationsAfter(({ showId }) =>
    run(
      sql`UPDATE bookings SET expires_at = expires_at + interval '1 hour' WHERE show_id = ${showId} AND status = 'held'`,
    ),
  );
  expect(row).toEqual([expect.stringMatching(/^I8: .*expiresAt is/)]);
  const cut = await violationsAfter(({ showId }) =>
    run(sql`DELETE FROM booking_events WHERE booking_id IN (SELECT id FROM bookings WHERE show_id = ${showId})`),
  );
  expect(cut).toHaveLength(2);
});

test('I9: a key that names two bookings is reported', async () => {
  const found = await violationsAfter(async ({ showId }) => {
    await run(sql`ALTER TABLE bookings DROP CONSTRAINT bookings_idempotency`);
    await run(sql`UPDATE bookings SET idempotency_key = 'same', user_id = ${newId()} WHERE show_id = ${showId}`);
  });
  expect(found).toEqual([expect.stringMatching(/^I9: key same/)]);
});
