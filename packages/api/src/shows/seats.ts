import type { Db } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import { sql } from 'kysely';
import { notFound } from '../problem.ts';
import type { SeatLayout, SeatLayouts } from '../venues/seat-layouts.ts';

/** Where the seats of a show are; immutable per layout version. */
export interface ShowLayout {
  showId: string;
  layoutVersion: number;
  seatCount: number;
  sections: {
    sectionId: string;
    name: string;
    rows: { row: string; seats: { seatId: string; number: string; x: number; y: number }[] }[];
  }[];
}

interface ShowPlan {
  layout: SeatLayout;
  /** Whether the show sells this section of its venue. */
  sells: (sectionId: string) => boolean;
}

/** @throws `not_found`, also for shows of drafts */
async function findPlan(db: Db, layouts: SeatLayouts, showId: string): Promise<ShowPlan> {
  const rows = await db
    .selectFrom('shows')
    .innerJoin('events', 'events.id', 'shows.event_id')
    .innerJoin('show_sections', 'show_sections.show_id', 'shows.id')
    .select(['venue_id', 'layout_version', 'section_id'])
    .where('shows.id', '=', showId)
    .where('show_sections.shard', '=', shardOf(showId))
    .where('events.status', '!=', 'draft')
    .execute();
  const [first] = rows;
  if (!first) throw notFound();
  const sold = new Set(rows.map((row) => row.section_id));
  return { layout: await layouts.find(first.venue_id, first.layout_version), sells: (id) => sold.has(id) };
}

/** @throws `not_found` */
export async function findSeatLayout(db: Db, layouts: SeatLayouts, showId: string): Promise<ShowLayout> {
  const { layout, sells } = await findPlan(db, layouts, showId);
  const sections = layout.sections.filter((section) => sells(section.sectionId));
  return {
    showId,
    layoutVersion: layout.layoutVersion,
    seatCount: sections.reduce((sum, { rows }) => sum + rows.reduce((seats, row) => seats + row.seats.length, 0), 0),
    sections: sections.map(({ sectionId, name, rows }) => ({ sectionId, name, rows })),
  };
}

/** Who sits where, in one character a seat: `a`vailable, `h`eld, `b`ooked, `x` kept back. */
export interface SeatStates {
  showId: string;
  layoutVersion: number;
  /** Grows with every change of the show's inventory. */
  version: number;
  /** In layout order. */
  states: string;
  sections: { sectionId: string; available: number }[];
}

interface StatesRow {
  version: number;
  sections: { sectionId: string; available: number }[];
  held: string[];
  booked: string[];
  blocked: string[];
}

/** @throws `not_found` */
export async function findSeatStates(db: Db, layouts: SeatLayouts, showId: string): Promise<SeatStates> {
  const { layout, sells } = await findPlan(db, layouts, showId);
  const shard = shardOf(showId);
  const seatsIn = (statuses: string[]) => sql<string[]>`
    (SELECT coalesce(array_agg(seat_id), '{}') FROM tickets
      WHERE show_id = ${showId} AND shard = ${shard} AND seat_id IS NOT NULL AND status = ANY(${statuses}::text[]))`;
  // One statement, hence one snapshot: the version belongs to exactly these states.
  const { rows } = await sql<StatesRow>`
    SELECT version, ${seatsIn(['held'])} AS held, ${seatsIn(['valid', 'used'])} AS booked,
      (SELECT coalesce(array_agg(seat_id), '{}') FROM blocked_seats
        WHERE show_id = ${showId} AND shard = ${shard}) AS blocked,
      (SELECT json_agg(json_build_object('sectionId', s.section_id, 'available', s.capacity - held - sold - blocked)
          ORDER BY v.position)
        FROM show_sections s JOIN venue_sections v ON v.id = s.section_id
        WHERE s.show_id = ${showId} AND s.shard = ${shard}) AS sections
    FROM show_inventory WHERE show_id = ${showId} AND shard = ${shard}`.execute(db);
  const row = rows[0];
  if (!row) throw notFound();
  return {
    showId,
    layoutVersion: layout.layoutVersion,
    version: row.version,
    states: spellStates(layout, sells, row),
    sections: row.sections,
  };
}

function spellStates(layout: SeatLayout, sells: (sectionId: string) => boolean, row: StatesRow): string {
  const letters = new Map<string, string>();
  for (const seatId of row.blocked) letters.set(seatId, 'x');
  for (const seatId of row.held) letters.set(seatId, 'h');
  for (const seatId of row.booked) letters.set(seatId, 'b');
  let states = '';
  for (const section of layout.sections) {
    if (!sells(section.sectionId)) continue;
    for (const { seats } of section.rows) for (const { seatId } of seats) states += letters.get(seatId) ?? 'a';
  }
  return states;
}
