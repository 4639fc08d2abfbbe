import type { Db } from '@evently/db/client';
import type { BookingRow } from '@evently/db/schema';
import { z } from 'zod';
import { GENESIS_HASH, hashEntry } from '../box-office/decide/history.ts';
import type { HistoryEntry, HistoryType } from '../box-office/inventory.ts';

/** What the history of a booking says that the booking is. */
interface Folded {
  status: string;
  quantity: number;
  total: number;
  retained: number;
  expiresAt: string | null;
  confirmedAt: string | null;
  cancelledAt: string | null;
}

const made = z.object({
  expiresAt: z.string().nullable(),
  tickets: z.array(z.object({ id: z.string(), price: z.number() })),
});
const claimedAgain = made.pick({ tickets: true });
const deadline = z.object({ expiresAt: z.string() });
const cancelled = z.object({ ticketIds: z.array(z.string()), fee: z.number() });

const STATUS: Partial<Record<HistoryType, string>> = {
  held: 'held',
  offered: 'held',
  booked: 'confirmed',
  paying: 'paying',
  payment_failed: 'held',
  confirmed: 'confirmed',
  claimed_again: 'confirmed',
  released: 'released',
  expired: 'expired',
};

/** Replays a booking's history. Pure. */
export function foldHistory(entries: readonly HistoryEntry[]): Folded {
  const alive = new Map<string, number>();
  const folded: Folded = {
    status: '',
    quantity: 0,
    total: 0,
    retained: 0,
    expiresAt: null,
    confirmedAt: null,
    cancelledAt: null,
  };
  for (const { type, data, at, seq } of entries) {
    folded.status = STATUS[type] ?? folded.status;
    if (seq === 1) {
      const { tickets, expiresAt } = made.parse(data);
      for (const { id, price } of tickets) alive.set(id, price);
      folded.expiresAt = expiresAt;
    } else if (type === 'paying' || type === 'extended') {
      folded.expiresAt = deadline.parse(data).expiresAt;
    } else if (type === 'payment_failed') {
      folded.expiresAt = deadline.partial().parse(data).expiresAt ?? folded.expiresAt;
    }
    if (type === 'claimed_again') for (const { id, price } of claimedAgain.parse(data).tickets) alive.set(id, price);
    if (type === 'booked' || type === 'confirmed' || type === 'claimed_again') folded.confirmedAt = at.toISOString();
    if (type === 'released' || type === 'expired') alive.clear();
    if (type === 'cancelled') {
      const { ticketIds, fee } = cancelled.parse(data);
      for (const id of ticketIds) alive.delete(id);
      folded.retained += fee;
      if (alive.size === 0) Object.assign(folded, { status: 'cancelled', cancelledAt: at.toISOString() });
    }
    if (folded.status !== 'held' && folded.status !== 'paying') folded.expiresAt = null;
  }
  const total = [...alive.values()].reduce((sum, price) => sum + price, 0);
  return { ...folded, quantity: alive.size, total };
}

/** How many bookings are folded at a time: memory stays flat whatever the show sold. */
const PAGE = 500;

/** Bookings of a show whose history does not fold to them, or whose chain is broken. */
export async function listHistoryViolations(
  db: Db,
  { showId, shard }: { showId: string; shard: number },
): Promise<string[]> {
  const found: string[] = [];
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const bookings = await db
      .selectFrom('bookings')
      .selectAll()
      .where('show_id', '=', showId)
      .where('shard', '=', shard)
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE)
      .execute();
    const last = bookings.at(-1);
    if (!last) return found;
    const histories = await listHistories(db, shard, bookings);
    for (const booking of bookings) found.push(...violationsOf(booking, histories.get(booking.id) ?? []));
    after = last.id;
  }
}

async function listHistories(
  db: Db,
  shard: number,
  bookings: readonly BookingRow[],
): Promise<Map<string, HistoryEntry[]>> {
  const ids = bookings.map((booking) => booking.id);
  const rows = await db
    .selectFrom('booking_events')
    .selectAll()
    .where('shard', '=', shard)
    .where('booking_id', 'in', ids)
    .orderBy('seq')
    .execute();
  const entries = rows.map(({ booking_id, previous_hash, shard: _, type, ...row }) => ({
    ...row,
    // Written by the box office only, which knows no other types; an unknown one breaks the fold and is reported.
    type: type as HistoryType,
    bookingId: booking_id,
    previousHash: previous_hash,
  }));
  return Map.groupBy(entries, (entry) => entry.bookingId);
}

/** The columns of a booking that its history tells, too. */
export type ToldRow = Pick<
  BookingRow,
  | 'id'
  | 'status'
  | 'quantity'
  | 'total'
  | 'retained'
  | 'expires_at'
  | 'confirmed_at'
  | 'cancelled_at'
  | 'history_seq'
  | 'history_hash'
>;

/** How a booking differs from what its history says, and where the chain of that breaks. Pure. */
export function violationsOf(row: ToldRow, entries: readonly HistoryEntry[]): string[] {
  let previousHash = GENESIS_HASH;
  for (const [index, entry] of entries.entries()) {
    if (entry.seq !== index + 1 || entry.previousHash !== previousHash || entry.hash !== hashEntry(entry)) {
      return [`the chain of booking ${row.id} breaks at ${index + 1}`];
    }
    previousHash = entry.hash;
  }
  if (row.history_seq !== entries.length || row.history_hash !== previousHash) {
    return [`booking ${row.id} points at entry ${row.history_seq} of ${entries.length}`];
  }
  const instant = (value: Date | null) => value?.toISOString() ?? null;
  const actual: Folded = {
    status: row.status,
    quantity: row.quantity,
    total: row.total,
    retained: row.retained,
    expiresAt: instant(row.expires_at),
    confirmedAt: instant(row.confirmed_at),
    cancelledAt: instant(row.cancelled_at),
  };
  const folded = foldHistory(entries);
  const differing = (Object.keys(actual) as (keyof Folded)[]).filter((field) => actual[field] !== folded[field]);
  return differing.map((field) => `booking ${row.id}: ${field} is ${actual[field]}, its history says ${folded[field]}`);
}
