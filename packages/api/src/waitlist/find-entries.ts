import type { Db } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import type { EntryStatus } from '@evently/db/schema';
import { type RawBuilder, sql } from 'kysely';
import { decodeCursor, ID_PATTERN, pageOfRows } from '../cursor.ts';
import { notFound } from '../problem.ts';
import { type Entry, type EntryFacts, toEntry } from './entry.ts';

/** @param userId whose it must be @throws `not_found`, also for somebody else's entry */
export async function findEntryFacts(db: Db, entryId: string, userId: string): Promise<EntryFacts> {
  const { rows } = await entries(sql`
    SELECT * FROM waitlist_entries WHERE id = ${entryId} AND shard = ${shardOf(entryId)}`).execute(db);
  const [entry] = rows;
  if (!entry || entry.userId !== userId) throw notFound();
  return entry;
}

/** @throws `not_found`, also for somebody else's entry */
export async function findEntry(db: Db, entryId: string, userId: string): Promise<Entry> {
  return toEntry(await findEntryFacts(db, entryId, userId));
}

/** Somebody's entries in all shows, newest first. */
export async function listEntries(
  db: Db,
  {
    userId,
    showId,
    cursor,
    limit,
  }: { userId: string; showId?: string | undefined; cursor?: string | undefined; limit: number },
): Promise<{ items: Entry[]; nextCursor: string | null }> {
  const [before] = decodeCursor(cursor, [ID_PATTERN]) ?? [];
  const { rows } = await entries(sql`
    SELECT * FROM waitlist_entries WHERE user_id = ${userId}
      ${before === undefined ? sql`` : sql`AND id < ${before}`}
      ${showId === undefined ? sql`` : sql`AND show_id = ${showId}`}
    ORDER BY id DESC LIMIT ${limit + 1}`).execute(db);
  return pageOfRows(
    rows.toSorted((a, b) => (a.id < b.id ? 1 : -1)),
    limit,
    ({ id }) => [id],
    toEntry,
  );
}

/** What the waitlist did about an entry, and why. */
export interface ToldEvent {
  seq: number;
  type: string;
  at: Date;
  data: Record<string, unknown>;
}

export type ShowEntry = Entry & { userId: string; events: ToldEvent[] };

const POSITION_PATTERN = /^[1-9]\d{0,14}$/;

/** The waitlist of a show in the order of those who joined, with everything that happened to them. */
export async function listShowEntries(
  db: Db,
  filter: { showId: string; status?: EntryStatus | undefined; cursor?: string | undefined; limit: number },
): Promise<{ items: ShowEntry[]; nextCursor: string | null }> {
  const { showId, status, limit } = filter;
  const [after] = decodeCursor(filter.cursor, [POSITION_PATTERN]) ?? [];
  const show = await db.selectFrom('shows').select('id').where('id', '=', showId).executeTakeFirst();
  if (!show) throw notFound();
  const { rows } = await entries(sql`
    SELECT * FROM waitlist_entries WHERE show_id = ${showId} AND shard = ${shardOf(showId)}
      ${after === undefined ? sql`` : sql`AND position > ${after}`}
      ${status === undefined ? sql`` : sql`AND status = ${status}`}
    ORDER BY position LIMIT ${limit + 1}`).execute(db);
  const sorted = rows.toSorted((a, b) => a.position - b.position);
  const events = await listEvents(db, sorted);
  return pageOfRows(
    sorted,
    limit,
    ({ position }) => [String(position)],
    (entry) => ({ ...toEntry(entry), userId: entry.userId, events: events.get(entry.id) ?? [] }),
  );
}

async function listEvents(db: Db, of: readonly EntryFacts[]): Promise<Map<string, ToldEvent[]>> {
  if (of.length === 0) return new Map();
  const { rows } = await sql<ToldEvent & { entryId: string }>`
    SELECT e.entry_id AS "entryId", e.seq, e.type, e.at, e.data
    FROM unnest(${of.map(({ id }) => id)}::uuid[]) AS wanted (id)
    CROSS JOIN LATERAL (SELECT * FROM waitlist_events
      WHERE entry_id = wanted.id AND shard = ${shardOf(of[0]!.showId)}) AS e
    ORDER BY e.seq`.execute(db);
  return Map.groupBy(rows, ({ entryId }) => entryId);
}

/** Reads entries with the deadlines of their offers, and with how many wait for the same places before those who wait. */
function entries(rows: RawBuilder<unknown>): RawBuilder<EntryFacts & { position: number }> {
  return sql`
    SELECT e.id, e.show_id AS "showId", e.user_id AS "userId", e.section_id AS "sectionId", e.quantity, e.status, e.position,
      e.joined_at AS "joinedAt", e.booking_id AS "bookingId",
      (SELECT expires_at FROM bookings WHERE id = e.booking_id AND bookings.shard = e.shard) AS "expiresAt",
      CASE WHEN e.status = 'waiting' THEN (SELECT count(*)::int FROM waitlist_entries AS w
        WHERE w.show_id = e.show_id AND w.shard = e.shard AND w.status = 'waiting' AND w.position <= e.position
          AND (w.section_id = e.section_id OR w.section_id IS NULL OR e.section_id IS NULL)) END AS rank
    FROM (${rows}) AS e`;
}
