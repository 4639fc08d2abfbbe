import { randomUUID } from 'node:crypto';
import { createMulberry } from '@evently/api/mulberry';
import type { Db } from '@evently/db/client';
import type { Side } from '../load/compare.ts';
import { createFreePairs, type FreePairs } from '../load/free-pairs.ts';
import type { Stage } from '../scenario.ts';
import type { Ledger } from './ledger.ts';
import { confirmIn, type Sales } from './sales.ts';
import type { Server } from './server.ts';
import { buildHall, type OpenShow, openShow, seatedSections } from './show.ts';

const SEATS_PER_ROW = 50;
/** When so much of a show has gone, the buyers turn to the next one: a hot show is one that still has seats. */
const SOLD_ENOUGH = 0.6;
/** One after another in the same hall; at 60 % of 100,000 seats each, enough for some minutes. */
const SHOWS = 8;
const SEED = 20;

/** A show that is sold by the pair. */
interface Performance {
  show: OpenShow;
  pairs: FreePairs;
  ledger: Ledger;
}

/** Random pairs of neighbours in a large hall, booked in one call; who is told that a seat is taken has been refused. */
export async function sellPairs(
  stage: Stage,
  server: Server,
  sales: Sales,
  { name, seats }: { name: string; seats: number },
): Promise<Side> {
  stage.progress.show(`Build a hall of ${seats.toLocaleString('en')} seats`);
  const hall = await buildHall(server.admin, name, seatedSections(seats, SEATS_PER_ROW));
  const rows = await listRows(server.db, hall.sectionIds);
  const performances: Performance[] = [];
  for (let i = 0; i < SHOWS; i += 1) {
    const show = await openShow(server.admin, hall, `${name}, ${i + 1}`, 0);
    performances.push({
      show,
      pairs: createFreePairs(rows, createMulberry(SEED + i)),
      ledger: sales.keepLedger(show, 2),
    });
  }
  let at = 0;
  const next = () => {
    for (; at < performances.length; at += 1) {
      const performance = performances[at]!;
      const pair = performance.pairs.goneShare() < SOLD_ENOUGH ? performance.pairs.next() : null;
      if (pair) return { ...performance, pair };
    }
    throw new Error('every show of the hall is sold; the run is longer than it has seats for');
  };
  return sales.sideOf(name, async ({ call }) => {
    const { show, pair, pairs, ledger } = next();
    const wish = { showId: show.showId, seatIds: pair, idempotencyKey: randomUUID() };
    const answer = await call('bookings.book', wish);
    // Both count as gone for whoever was refused, though only one of them may be: there are others.
    pairs.markGone(pair);
    if ('refused' in answer && !REFUSALS.has(answer.refused)) {
      throw new Error(`free seats were refused with ${answer.refused}`);
    }
    return confirmIn(ledger, answer);
  });
}

/** Somebody was faster; or the server is full. */
const REFUSALS: ReadonlySet<string> = new Set(['seat_taken', 'overloaded', 'too_many_requests']);

async function listRows(db: Db, sectionIds: readonly string[]): Promise<string[][]> {
  const seats = await db
    .selectFrom('venue_seats')
    .select(['id', 'section_id', 'row_label'])
    .where('section_id', 'in', sectionIds)
    .orderBy('section_id')
    .orderBy('position')
    .execute();
  const rows = Map.groupBy(seats, (seat) => `${seat.section_id} ${seat.row_label}`);
  return [...rows.values()].map((row) => row.map(({ id }) => id));
}
