import { newId, shardOf } from '@evently/db/ids';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Actor, Services } from '../context.ts';
import { listViolations } from '../integrity/invariants.ts';
import { findSeatStates } from '../shows/seats.ts';
import {
  type Caller,
  createTestOffice,
  createTestShow,
  newKey,
  seated,
  standing,
  type TestOffice,
  type TestShow,
  tally,
} from '../testing.ts';
import { describeWithRedis, openTestRedis } from '../testing-redis.ts';

let office: TestOffice;
let admin: Caller;
let buyers: Actor[];
/** Two box offices over one database, as two processes have them: only Postgres stands between them. */
let offices: Services[];

async function openOffice(redisUrl?: string): Promise<void> {
  office = await createTestOffice(20, redisUrl);
  admin = office.as(await office.actor('admin'));
  buyers = await Promise.all(Array.from({ length: 40 }, () => office.actor()));
  offices = [office.services, await office.open()];
}

const buyer = (n: number): Caller => office.as(buyers[n % buyers.length]!, offices[n % offices.length]!);
const violations = ({ showId }: TestShow) => listViolations(office.db, { showId, shard: shardOf(showId) });
/** As they stand in the database: what an office shows of the other one's sales may be a moment old. */
const statesOf = async (showId: string) => (await findSeatStates(office.db, office.services.plans, showId)).states;
const many = <T>(count: number, work: (n: number) => Promise<T>) =>
  Promise.allSettled(Array.from({ length: count }, (_, n) => work(n)));

/** Whatever stands in front of the box offices, the outcome is the same. */
function races(): void {
  test('200 buyers and one seat: one booking, 199 refusals', async () => {
    const show = await createTestShow(admin, [seated(1, 1)]);
    const { showId, seatIds } = show;
    const results = await many(200, (n) => buyer(n).bookings.book({ showId, seatIds, idempotencyKey: newKey() }));
    expect(tally(results)).toEqual({ done: 1, seat_taken: 199 });
    expect(await violations(show)).toEqual([]);
    expect(await statesOf(showId)).toBe('b');
  });

  test('64 at once and a section of capacity 1: one booking, 63 refusals', async () => {
    const show = await createTestShow(admin, [standing(1)]);
    const sections = [{ sectionId: show.sectionIds[0]!, quantity: 1 }];
    const results = await many(64, (n) =>
      buyer(n).bookings.book({ showId: show.showId, sections, idempotencyKey: newKey() }),
    );
    expect(tally(results)).toEqual({ done: 1, sold_out: 63 });
    expect(await violations(show)).toEqual([]);
  });

  test('overlapping seat sets in random order: each seat sold once, each booking whole', async () => {
    const show = await createTestShow(admin, [seated(3, 10)]);
    const { showId } = show;
    const wishes = Array.from({ length: 120 }, () =>
      show.seatIds.toSorted(() => Math.random() - 0.5).slice(0, 1 + Math.floor(Math.random() * 4)),
    );
    const results = await many(wishes.length, (n) =>
      buyer(n).bookings.book({ showId, seatIds: wishes[n]!, idempotencyKey: newKey() }),
    );
    const sold: string[] = [];
    results.forEach((result, n) => {
      if (result.status !== 'fulfilled') return;
      const seats = result.value.tickets.map(({ seatId }) => seatId!);
      expect(seats.toSorted()).toEqual(wishes[n]!.toSorted());
      sold.push(...seats);
    });
    const { done = 0, seat_taken = 0, ...others } = tally(results);
    expect([done + seat_taken, others]).toEqual([120, {}]);
    expect(new Set(sold).size).toBe(sold.length);
    // Whoever was refused asked for a seat that is gone. A lock also refuses seats of a claim that is then refused for others.
    const refused =
      office.services.locks.state() === 'off' ? wishes.filter((_, n) => results[n]?.status === 'rejected') : [];
    for (const wish of refused) expect(wish.some((seatId) => sold.includes(seatId))).toBe(true);
    expect(await violations(show)).toEqual([]);
    expect((await statesOf(showId)).replaceAll('a', '')).toHaveLength(sold.length);
  });

  test('one key 20 times at once: one booking, the same answer for all', async () => {
    const show = await createTestShow(admin, [standing(2)]);
    const sections = [{ sectionId: show.sectionIds[0]!, quantity: 2 }];
    const request = { showId: show.showId, sections, idempotencyKey: newKey() };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => office.as(buyers[0]!, offices[n % 2]!).bookings.book(request)),
    );
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(await violations(show)).toEqual([]);
  });

  test('confirm and release of one hold at the same moment: one of them wins, and the places follow', async () => {
    for (let round = 0; round < 10; round += 1) {
      const show = await createTestShow(admin, [seated(1, 2)]);
      const { showId, seatIds } = show;
      const held = await buyer(0).bookings.hold({ showId, seatIds, idempotencyKey: newKey() });
      const results = await many(8, (n) => {
        const { bookings } = office.as(buyers[0]!, offices[n % 2]!);
        return n % 4 < 2 ? bookings.confirm({ bookingId: held.id }) : bookings.release({ bookingId: held.id });
      });
      expect(tally(results)).toEqual({ done: 4, invalid_state: 4 });
      const { status } = await buyer(0).bookings.get({ bookingId: held.id });
      expect(await statesOf(showId)).toBe(status === 'confirmed' ? 'bb' : 'aa');
      expect(await violations(show)).toEqual([]);
    }
  });

  test('selling and keeping back at the same moment: a seat is one or the other', async () => {
    const show = await createTestShow(admin, [seated(1, 20)]);
    const { showId, seatIds } = show;
    const results = await many<unknown>(40, (n) => {
      const seat = [seatIds[n >> 1]!];
      if (n % 2 === 0) return buyer(n).bookings.book({ showId, seatIds: seat, idempotencyKey: newKey() });
      return admin.admin.shows.blockSeats({ showId, seatIds: seat });
    });
    expect(tally(results)).toEqual({ done: 20, seat_taken: 20 });
    expect(await statesOf(showId)).toMatch(/^[bx]{20}$/);
    expect(await violations(show)).toEqual([]);
  });
}

describe('two box offices, Postgres alone', () => {
  beforeAll(() => openOffice());
  afterAll(() => office[Symbol.asyncDispose]());
  races();

  describe('what goes wrong stays with whom it concerns', () => {
    test('one poisoned request among 63 good ones: it fails alone', async () => {
      const show = await createTestShow(admin, [standing(100)]);
      const { showId } = show;
      const claim = (n: number, metadata: Record<string, unknown> | null) => {
        const bookingId = newId(shardOf(showId));
        return office.services.boxOffice.submit(showId, {
          kind: 'book',
          userId: buyers[n % buyers.length]!.userId,
          bookingId,
          ticketIds: [newId(shardOf(showId))],
          seatIds: [],
          sections: [{ sectionId: show.sectionIds[0]!, quantity: 1 }],
          idempotencyKey: bookingId,
          requestHash: '',
          specialRequests: null,
          metadata,
          charge: null,
        });
      };
      // Postgres stores no U+0000 in jsonb; the door refuses it, so this goes past the door.
      const results = await many(64, (n) => claim(n, n === 30 ? { poison: '\0' } : null));
      expect(results.filter((result) => result.status === 'rejected')).toHaveLength(1);
      expect(results[30]!.status).toBe('rejected');
      const [section] = (await admin.events.show({ showId })).sections;
      expect(section!.available).toBe(37);
      expect(await violations(show)).toEqual([]);
    });

    test('a ticket that was written past the lock is not sold a second time', async () => {
      const show = await createTestShow(admin, [seated(1, 2)]);
      const { showId, seatIds } = show;
      const shard = shardOf(showId);
      // A box office that believed the seat free would run into the last wall.
      const booked = await buyer(0).bookings.book({ showId, seatIds: [seatIds[0]!], idempotencyKey: newKey() });
      const twin = {
        ...(await office.db
          .selectFrom('tickets')
          .selectAll()
          .where('booking_id', '=', booked.id)
          .executeTakeFirstOrThrow()),
        id: newId(shard),
      };
      await expect(office.db.insertInto('tickets').values(twin).execute()).rejects.toThrow('tickets_live_seat');
    });
  });
});

describeWithRedis('two box offices behind seat locks in Redis', () => {
  let redis: { url: string; stop: () => Promise<void> };
  beforeAll(async () => {
    redis = await openTestRedis();
    await openOffice(redis.url);
  });
  afterAll(async () => {
    await office[Symbol.asyncDispose]();
    await redis.stop();
  });
  races();
});
