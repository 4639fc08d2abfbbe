import type { Db } from '@evently/db/client';
import type { EventRow, EventStatus } from '@evently/db/schema';
import { decodeCursor, ID_PATTERN, pageOfRows } from '../cursor.ts';
import { notFound } from '../problem.ts';
import { type Audience, listShows, type Show } from '../shows/shows.ts';
import { searchInTurn } from './search-in-turn.ts';

/** An event without its shows. */
export interface EventSummary {
  id: string;
  name: string;
  slug: string;
  description: string;
  category: string;
  tags: string[];
  imageUrl: string | null;
  status: EventStatus;
  version: number;
  createdAt: Date;
  publishedAt: Date | null;
}

export interface EventWithShows extends EventSummary {
  /** In order of time. */
  shows: Show[];
}

export function toEventSummary(row: EventRow): EventSummary {
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    description: row.description,
    category: row.category,
    tags: row.tags,
    imageUrl: row.image_url,
    status: row.status,
    version: row.version,
    createdAt: row.created_at,
    publishedAt: row.published_at,
  };
}

/** @throws `not_found`; to the public, drafts do not exist */
export async function findEvent(db: Db, eventId: string, audience: Audience): Promise<EventWithShows> {
  const row = await db.selectFrom('events').selectAll().where('id', '=', eventId).executeTakeFirst();
  if (!row || (audience === 'public' && row.status === 'draft')) throw notFound();
  return { ...toEventSummary(row), shows: await listShows(db, { eventId }, audience) };
}

export interface AdminEventFilter {
  q?: string | undefined;
  status?: EventStatus | undefined;
  cursor?: string | undefined;
  limit: number;
}

/** All events, drafts among them, newest first. */
export async function listAllEvents(
  db: Db,
  filter: AdminEventFilter,
): Promise<{ items: EventSummary[]; nextCursor: string | null }> {
  const [before] = decodeCursor(filter.cursor, [ID_PATTERN]) ?? [];
  let query = db
    .selectFrom('events')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(filter.limit + 1);
  if (before !== undefined) query = query.where('id', '<', before);
  if (filter.status !== undefined) query = query.where('status', '=', filter.status);
  const rows = await searchInTurn(filter.q, (fits) => (fits ? query.where(fits) : query).execute());
  return pageOfRows(rows, filter.limit, (row) => [row.id], toEventSummary);
}
