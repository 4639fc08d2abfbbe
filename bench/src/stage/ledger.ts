import { listViolations } from '@evently/api/integrity/invariants';
import type { Db } from '@evently/db/client';
import { at } from '../load/answer.ts';
import type { OpenShow } from './show.ts';

/** What the buyers of a show were told, to be held against the database. */
export interface Ledger {
  /** Takes down a booking of so many places that was answered as confirmed. @throws Error when it is not that */
  confirm: (output: unknown) => void;
  /** The id of a hold on so many places. @throws Error when it is not that */
  heldId: (output: unknown) => string;
  /** Takes down bookings that were answered, and read, elsewhere. @throws Error when one was sold before */
  addIds: (ids: readonly string[]) => void;
  ids: () => string[];
  /** How many bookings were taken down. */
  count: () => number;
  /** What is wrong, a sentence each: broken invariants, sales that nobody was told of, sales that are not there. */
  audit: (db: Db) => Promise<string[]>;
}

/** As many as show what is wrong. */
const MAX_SENTENCES = 20;

/** @param places of each booking */
export function createLedger({ showId, shard }: Pick<OpenShow, 'showId' | 'shard'>, places = 1): Ledger {
  const told = new Set<string>();

  function read(output: unknown, status: 'held' | 'confirmed'): string {
    const id = at(output, 'id');
    const fits =
      at(output, 'showId') === showId && at(output, 'quantity') === places && at(output, 'status') === status;
    if (fits && typeof id === 'string') return id;
    throw new Error(
      `an answer is no ${status} booking of ${places} ${places === 1 ? 'place' : 'places'}: ${JSON.stringify(output).slice(0, 500)}`,
    );
  }

  function add(id: string): void {
    if (told.has(id)) throw new Error(`the booking ${id} was sold twice`);
    told.add(id);
  }

  return {
    confirm: (output) => add(read(output, 'confirmed')),
    addIds(ids) {
      for (const id of ids) add(id);
    },
    ids: () => [...told],
    heldId: (output) => read(output, 'held'),
    count: () => told.size,
    async audit(db) {
      const rows = await db
        .selectFrom('bookings')
        .select('id')
        .where('show_id', '=', showId)
        .where('shard', '=', shard)
        .where('status', '=', 'confirmed')
        .execute();
      const sold = new Set(rows.map(({ id }) => id));
      const untold = [...sold].filter((id) => !told.has(id)).length;
      const missing = [...told].filter((id) => !sold.has(id)).length;
      return [
        ...(missing > 0 ? [`${missing} of ${told.size} acknowledged bookings are not in the database`] : []),
        ...(untold > 0 ? [`${untold} of ${sold.size} bookings in the database were acknowledged to nobody`] : []),
        ...(await listViolations(db, { showId, shard })),
      ].slice(0, MAX_SENTENCES);
    },
  };
}
