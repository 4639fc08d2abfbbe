import type { Db } from '@evently/db/client';
import type { EventRow } from '@evently/db/schema';
import { sql } from 'kysely';
import { decodeCursor, ID_PATTERN, INSTANT_PATTERN, pageOfRows } from '../cursor.ts';
import type { Money } from '../fields.ts';
import { searchInTurn } from './search-in-turn.ts';
import { foldText } from './search-text.ts';

/** An event as lists show it. */
export interface ListedEvent {
  id: string;
  name: string;
  slug: string;
  category: string;
  imageUrl: string | null;
  nextShowAt: Date;
  city: string;
  fromPrice: Money;
  soldOut: boolean;
}

export interface EventFilter {
  q?: string | undefined;
  category?: string | undefined;
  city?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  availableOnly?: boolean | undefined;
  cursor?: string | undefined;
  limit: number;
}

/** Published events with a show still to come, soonest first. Dates select events with a show in [from, to). */
export async function listEvents(
  db: Db,
  filter: EventFilter,
  now: Date,
): Promise<{ items: ListedEvent[]; nextCursor: string | null }> {
  const after = decodeCursor(filter.cursor, [INSTANT_PATTERN, ID_PATTERN]);
  let query = db
    .selectFrom('events')
    .select(['id', 'name', 'slug', 'category', 'image_url', 'next_show_at', 'next_city'])
    .select(['from_price', 'from_currency', 'sold_out'])
    .where('status', '=', 'published')
    .where('next_show_at', 'is not', null)
    .where('last_show_at', '>', now)
    .orderBy('next_show_at')
    .orderBy('id')
    .limit(filter.limit + 1);
  if (filter.category !== undefined) query = query.where('category', '=', filter.category);
  if (filter.city !== undefined) query = query.where(sql<boolean>`cities @> ${[foldText(filter.city)]}::text[]`);
  if (filter.availableOnly) query = query.where('sold_out', '=', false);
  if (filter.from !== undefined || filter.to !== undefined) query = query.where(hasShowBetween(filter, now));
  if (after) query = query.where(sql<boolean>`(next_show_at, id) > (${after[0]}::timestamptz, ${after[1]}::uuid)`);
  const rows = await searchInTurn(filter.q, (fits) => (fits ? query.where(fits) : query).execute());
  return pageOfRows(rows, filter.limit, (row) => [row.next_show_at!.toISOString(), row.id], toListedEvent);
}

/** The derived columns narrow the search through their index; the shows themselves decide. */
function hasShowBetween({ from, to }: EventFilter, now: Date) {
  const earliest = from === undefined ? now : new Date(Math.max(Date.parse(from), now.getTime()));
  const latest = to === undefined ? 'infinity' : new Date(to);
  return sql<boolean>`
    last_show_at >= ${earliest} AND next_show_at < ${latest} AND EXISTS (
      SELECT FROM shows WHERE shows.event_id = events.id AND shows.status = 'scheduled'
        AND shows.starts_at >= ${earliest} AND shows.starts_at < ${latest})`;
}

type ListedRow = Pick<EventRow, 'id' | 'name' | 'slug' | 'category' | 'image_url' | 'next_show_at' | 'next_city'> &
  Pick<EventRow, 'from_price' | 'from_currency' | 'sold_out'>;

function toListedEvent(row: ListedRow): ListedEvent {
  // An event with a show to come has its city and price: refresh-listings.ts writes them together.
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    category: row.category,
    imageUrl: row.image_url,
    nextShowAt: row.next_show_at!,
    city: row.next_city ?? '',
    fromPrice: { amount: row.from_price ?? 0, currency: row.from_currency ?? '' },
    soldOut: row.sold_out,
  };
}
