import { listViolations } from '@evently/api/integrity/invariants';
import { createRedis } from '@evently/api/redis-connection';
import { describeWithOwnRedis, startTestRedis } from '@evently/api/testing-redis';
import { newId, shardOf } from '@evently/db/ids';
import { createTestDatabase } from '@evently/db/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { type Answer, book, makeBuyers, startServerOn, type Wish, workOff } from './test-buyers.ts';
import { admin, cleanUpProcesses, type OpenShow, openShow, signIn } from './test-process.ts';

const BUYERS = 1000;
const AT_ONCE = 48;
/** What each trouble lasts for: so many answers. */
const ANSWERS = 220;
const FLOOR = 450;
const ROWS = 7;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A place, or two seats side by side; those in front are what most people want. */
function makeWish({ showId, standing, seatIds }: OpenShow, turn: number): Wish {
  const idempotencyKey = newId();
  if (turn % 3 === 0) return { showId, sections: [{ sectionId: standing, quantity: 1 }], idempotencyKey };
  const first = Math.floor(Math.random() ** 2 * (seatIds.length - 1));
  return { showId, seatIds: seatIds.slice(first, first + 2), idempotencyKey };
}

describeWithOwnRedis('a rush while Redis fails', () => {
  afterEach(cleanUpProcesses);

  test('flushed, paused, killed and restarted: every answer is a sale or a typed refusal, and every sale is real', async () => {
    await using redis = await startTestRedis();
    await using database = await createTestDatabase(3);
    const { db } = database;
    const { url } = await startServerOn(database.url, redis.url);
    const show = await openShow(await signIn(url, admin), { rows: ROWS, floor: FLOOR });
    const tokens = await makeBuyers(db, BUYERS);
    const operator = createRedis({ url: redis.url, log: quiet, commandTimeoutMs: 20_000 });
    const flush = async () => {
      await vi.waitUntil(() => operator.redis.status === 'ready', { timeout: 30_000, interval: 2 });
      await operator.redis.flushall();
    };

    const answers: Answer[] = [];
    let isOver = false;
    function* turns() {
      for (let turn = 0; !isOver; turn += 1) yield turn;
    }
    const rush = workOff(turns(), AT_ONCE, async (turn) => {
      answers.push(await book(url, tokens[turn % BUYERS]!, makeWish(show, turn)));
    });
    const troubles: (() => unknown)[] = [
      () => undefined,
      flush,
      redis.pause,
      redis.resume,
      redis.kill,
      redis.restart,
      flush,
      redis.pause,
      redis.kill,
      redis.restart,
    ];
    const sales: number[] = [];
    const trouble = async () => {
      for (const make of troubles) {
        await make();
        const until = answers.length + ANSWERS;
        while (answers.length < until && !isOver) await new Promise((resolve) => setTimeout(resolve, 2));
        sales.push(answers.slice(until - ANSWERS, until).filter(({ bookingId }) => bookingId !== null).length);
      }
    };
    const stop = () => {
      isOver = true;
    };
    await Promise.all([rush.finally(stop), trouble().finally(stop)]);
    operator.close();

    const sold = answers.filter(({ bookingId }) => bookingId !== null);
    const refusals = new Set(answers.flatMap(({ refused }) => refused ?? []));
    expect(refusals).toEqual(new Set(['seat_taken', 'sold_out']));
    for (const count of sales) expect(count).toBeGreaterThan(0);
    const seats = sold.flatMap(({ seatIds }) => seatIds);
    expect(new Set(seats).size).toBe(seats.length);
    expect(sold.reduce((sum, { places }) => sum + places, 0)).toBe(FLOOR);
    const kept = await db.selectFrom('bookings').select('id').where('status', '=', 'confirmed').execute();
    expect(kept.map(({ id }) => id).sort()).toEqual(sold.map(({ bookingId }) => bookingId).sort());
    expect(await listViolations(db, { showId: show.showId, shard: shardOf(show.showId) })).toEqual([]);
  });
});
