import type { Db } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import { sql } from 'kysely';
import type { ShowPlan, ShowPlans } from '../box-office/plans.ts';
import { type SeatState, seatState } from '../live/seat-delta.ts';
import { notFound } from '../problem.ts';
import type { LayoutSection } from '../venues/seat-layouts.ts';
import { openPlaces } from './availability.ts';

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

/** @throws `not_found`, also for shows of drafts */
async function findPlan(db: Db, plans: ShowPlans, showId: string): Promise<ShowPlan> {
  const [plan, show] = await Promise.all([
    plans.find(showId),
    db
      .selectFrom('shows')
      .innerJoin('events', 'events.id', 'shows.event_id')
      .select('events.status')
      .where('shows.id', '=', showId)
      .executeTakeFirst(),
  ]);
  if (!plan || !show || show.status === 'draft') throw notFound();
  return plan;
}

/** @throws `not_found` */
export async function findSeatLayout(db: Db, plans: ShowPlans, showId: string): Promise<ShowLayout> {
  const plan = await findPlan(db, plans, showId);
  const sections = soldSections(plan);
  return {
    showId,
    layoutVersion: plan.layout.layoutVersion,
    seatCount: sections.reduce((sum, { rows }) => sum + rows.reduce((seats, row) => seats + row.seats.length, 0), 0),
    sections: sections.map(({ sectionId, name, rows }) => ({ sectionId, name, rows })),
  };
}

const soldSections = ({ layout, sectionIds }: ShowPlan): LayoutSection[] =>
  layout.sections.filter(({ sectionId }) => sectionIds.has(sectionId));

interface StatesRow {
  version: number;
  sections: { sectionId: string; available: number; isSaved: boolean }[];
  /** Ids of seats, one after another without anything between them: a large hall's arrays would take long to read. */
  held: string;
  booked: string;
  blocked: string;
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

/**
 * Who sits where, from the database. Most callers want `ctx.seatMaps.read`, which remembers it.
 *
 * @throws `not_found`, also for shows of drafts
 */
export async function findSeatStates(db: Db, plans: ShowPlans, showId: string): Promise<SeatStates> {
  const shard = shardOf(showId);
  const seatsIn = (statuses: string[]) => sql<string>`
    (SELECT coalesce(string_agg(seat_id::text, ''), '') FROM tickets
      WHERE show_id = ${showId} AND shard = ${shard} AND seat_id IS NOT NULL AND status = ANY(${statuses}::text[]))`;
  // One statement, hence one snapshot: the version belongs to exactly these states.
  const read = sql<StatesRow>`
    SELECT version, ${seatsIn(['held'])} AS held, ${seatsIn(['valid', 'used'])} AS booked,
      (SELECT coalesce(string_agg(seat_id::text, ''), '') FROM blocked_seats
        WHERE show_id = ${showId} AND shard = ${shard}) AS blocked,
      (SELECT json_agg(json_build_object('sectionId', section_id, 'available', ${openPlaces}, 'isSaved', saved)
          ORDER BY v.position)
        FROM show_sections JOIN venue_sections v ON v.id = section_id
        WHERE show_id = ${showId} AND shard = ${shard}) AS sections
    FROM show_inventory WHERE show_id = ${showId} AND shard = ${shard}`.execute(db);
  const [plan, { rows }] = await Promise.all([findPlan(db, plans, showId), read]);
  const row = rows[0];
  if (!row) throw notFound();
  return {
    showId,
    layoutVersion: plan.layout.layoutVersion,
    version: row.version,
    states: spellStates(plan, row),
    sections: row.sections.map(({ isSaved: _, ...section }) => section),
  };
}

const UUID_LENGTH = 36;

function spellStates(plan: ShowPlan, row: StatesRow): string {
  const indexes = indexSeats(plan);
  const saved = new Set(row.sections.filter(({ isSaved }) => isSaved).map(({ sectionId }) => sectionId));
  const states = Buffer.alloc(indexes.size, seatState(null, false));
  let first = 0;
  for (const { sectionId, rows } of soldSections(plan)) {
    const next = rows.reduce((sum, { seats }) => sum + seats.length, first);
    // Nobody may have what is saved for somebody who waits.
    if (saved.has(sectionId)) states.fill(seatState('held', false), first, next);
    first = next;
  }
  const mark = (seatIds: string, state: SeatState) => {
    const code = state.charCodeAt(0);
    for (let at = 0; at < seatIds.length; at += UUID_LENGTH) {
      const index = indexes.get(seatIds.slice(at, at + UUID_LENGTH));
      if (index !== undefined) states[index] = code;
    }
  };
  mark(row.blocked, seatState(null, true));
  mark(row.held, seatState('held', false));
  mark(row.booked, seatState('valid', false));
  return states.toString('latin1');
}

const indexesOf = new WeakMap<ShowPlan, ReadonlyMap<string, number>>();

/** Where each seat that the show sells stands among its states. */
export function indexSeats(plan: ShowPlan): ReadonlyMap<string, number> {
  const known = indexesOf.get(plan);
  if (known) return known;
  const indexes = new Map<string, number>();
  for (const { rows } of soldSections(plan)) {
    for (const { seats } of rows) for (const { seatId } of seats) indexes.set(seatId, indexes.size);
  }
  indexesOf.set(plan, indexes);
  return indexes;
}

const seatIdsOf = new WeakMap<ReadonlyMap<string, number>, readonly string[]>();

/** The seats that the show sells, as they stand among its states. */
export function listSeatIds(plan: ShowPlan): readonly string[] {
  const indexes = indexSeats(plan);
  const known = seatIdsOf.get(indexes);
  if (known) return known;
  const seatIds = [...indexes.keys()];
  seatIdsOf.set(indexes, seatIds);
  return seatIds;
}
