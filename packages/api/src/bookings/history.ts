import type { Db } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import { notFound } from '../problem.ts';

/** One thing that happened to a booking. */
export interface BookingEvent {
  seq: number;
  type: string;
  actor: string;
  at: Date;
  data: Record<string, unknown>;
  previousHash: string;
  hash: string;
}

/** Everything that happened to a booking, in order. @throws `not_found` */
export async function listHistory(db: Db, bookingId: string): Promise<BookingEvent[]> {
  const items = await db
    .selectFrom('booking_events')
    .select(['seq', 'type', 'actor', 'at', 'data', 'previous_hash as previousHash', 'hash'])
    .where('booking_id', '=', bookingId)
    .where('shard', '=', shardOf(bookingId))
    .orderBy('seq')
    .execute();
  if (items.length === 0) throw notFound();
  return items;
}
