import type { Db, Trx } from '@evently/db/client';
import { inTransaction } from '@evently/db/transaction';
import { sql } from 'kysely';
import type { Changes } from '../changes.ts';
import { openPlaces } from '../shows/availability.ts';
import { foldText } from './search-text.ts';

/**
 * Recomputes what listing needs of an event: next show, cities, lowest price, whether everything is sold. Claims never do
 * this, so that a rush does not fight for the event's row; a job follows them within seconds.
 */
export async function refreshListing(trx: Trx, eventId: string, now: Date): Promise<void> {
  // Locked before anything is read: of two refreshes at once the later one sees what the earlier one's transaction changed,
  // instead of writing back what it had read before.
  const event = await trx
    .selectFrom('events')
    .select(['name', 'category', 'tags', 'description'])
    .where('id', '=', eventId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!event) return;
  const shows = await listUpcomingShows(trx, eventId, now);
  const places = shows.flatMap((show) => [show.venueName, show.city]);
  const cheapest = shows.filter((show) => show.fromPrice !== null).sort((a, b) => a.fromPrice! - b.fromPrice!)[0];
  await trx
    .updateTable('events')
    .set({
      search_text: [event.name, event.category, ...event.tags, ...places, event.description].map(foldText).join(' '),
      next_show_at: shows[0]?.startsAt ?? null,
      last_show_at: shows.at(-1)?.startsAt ?? null,
      next_city: shows[0]?.city ?? null,
      cities: [...new Set(shows.map((show) => foldText(show.city)))],
      from_price: cheapest?.fromPrice ?? null,
      from_currency: cheapest?.currency ?? null,
      sold_out: shows.length > 0 && shows.every((show) => show.available === 0),
    })
    .where('id', '=', eventId)
    .execute();
}

/** Refreshes several events, each in a transaction of its own, and tells of them. */
export async function refreshListings(
  { db, changes }: { db: Db; changes: Changes },
  eventIds: readonly string[],
  now: Date,
): Promise<void> {
  for (const eventId of eventIds) {
    await inTransaction(db, (trx) => refreshListing(trx, eventId, now));
    tellListing(changes, eventId);
  }
}

/** For when what an event, or a list with it, says of it has changed; once that is committed. */
export function tellListing(changes: Changes, eventId: string): void {
  changes.tell({ kind: 'event', eventId });
  changes.tell({ kind: 'listings' });
}

interface UpcomingShow {
  startsAt: Date;
  city: string;
  venueName: string;
  currency: string;
  fromPrice: number | null;
  available: number;
}

async function listUpcomingShows(db: Db, eventId: string, now: Date): Promise<UpcomingShow[]> {
  return await db
    .selectFrom('shows')
    .innerJoin('venues', 'venues.id', 'shows.venue_id')
    .innerJoin('show_sections', 'show_sections.show_id', 'shows.id')
    .select(['starts_at as startsAt', 'venues.city', 'venues.name as venueName', 'currency'])
    .select((eb) => [eb.fn.min('price').as('fromPrice'), sql<number>`sum(${openPlaces})::int`.as('available')])
    .where('event_id', '=', eventId)
    .where('shows.status', '=', 'scheduled')
    .where('starts_at', '>', now)
    .groupBy(['shows.id', 'venues.id'])
    .orderBy('starts_at')
    .execute();
}

/** A bound on one round of the refresh; the next round takes the rest. */
const MAX_DUE = 500;

/** The published events whose next show has begun: they move on to the show after it, or out of the lists. */
export async function listDueListings(db: Db, now: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('events')
    .select('id')
    .where('status', '=', 'published')
    .where('next_show_at', '<=', now)
    .orderBy('next_show_at')
    .limit(MAX_DUE)
    .execute();
  return rows.map((row) => row.id);
}

/** The events with a show to come at a venue, whose name and city lists and searches tell of. */
export async function listListingsAt(db: Db, venueId: string, now: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('shows')
    .select('event_id')
    .distinct()
    .where('venue_id', '=', venueId)
    .where('status', '=', 'scheduled')
    .where('starts_at', '>', now)
    .execute();
  return rows.map((row) => row.event_id);
}
