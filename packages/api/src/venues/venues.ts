import type { Db } from '@evently/db/client';
import type { SectionKind, VenueRow } from '@evently/db/schema';
import { decodeCursor, ID_PATTERN, pageOfRows } from '../cursor.ts';
import { notFound } from '../problem.ts';

/** A venue with the sections of its present layout. */
export interface Venue {
  id: string;
  name: string;
  address: string | null;
  city: string;
  country: string;
  timeZone: string;
  layoutVersion: number;
  version: number;
  createdAt: Date;
  sections: { id: string; name: string; kind: SectionKind; capacity: number }[];
}

type SectionOfVenue = Venue['sections'][number] & { venueId: string };

function toVenue(row: VenueRow, sections: readonly SectionOfVenue[]): Venue {
  return {
    id: row.id,
    name: row.name,
    address: row.address,
    city: row.city,
    country: row.country,
    timeZone: row.time_zone,
    layoutVersion: row.layout_version,
    version: row.version,
    createdAt: row.created_at,
    sections: sections.filter((section) => section.venueId === row.id),
  };
}

async function listSections(db: Db, venueIds: readonly string[]): Promise<SectionOfVenue[]> {
  if (venueIds.length === 0) return [];
  return await db
    .selectFrom('venue_sections')
    .innerJoin('venues', (join) =>
      join
        .onRef('venues.id', '=', 'venue_sections.venue_id')
        .onRef('venues.layout_version', '=', 'venue_sections.layout_version'),
    )
    .select(['venue_sections.id', 'venue_sections.name', 'kind', 'capacity', 'venue_id as venueId'])
    .where('venue_id', 'in', venueIds)
    .orderBy('venue_sections.position')
    .execute();
}

/** @throws `not_found` */
export async function findVenue(db: Db, venueId: string): Promise<Venue> {
  const row = await db.selectFrom('venues').selectAll().where('id', '=', venueId).executeTakeFirst();
  if (!row) throw notFound();
  return toVenue(row, await listSections(db, [row.id]));
}

/** The venues, newest first. */
export async function listVenues(
  db: Db,
  input: { cursor?: string | undefined; limit: number },
): Promise<{ items: Venue[]; nextCursor: string | null }> {
  const [before] = decodeCursor(input.cursor, [ID_PATTERN]) ?? [];
  const rows = await db
    .selectFrom('venues')
    .selectAll()
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(input.limit + 1)
    .execute();
  const sections = await listSections(
    db,
    rows.map((row) => row.id),
  );
  return pageOfRows(
    rows,
    input.limit,
    (row) => [row.id],
    (row) => toVenue(row, sections),
  );
}
