import type { Db } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import type { RefundTerms, SectionKind, ShowRow, ShowStatus } from '@evently/db/schema';
import type { Money } from '../fields.ts';
import { presentTerms } from '../policies/refund-rules.ts';
import { notFound } from '../problem.ts';
import type { RoomMode } from '../waiting-room/room-modes.ts';
import { openPlaces } from './availability.ts';

/** One performance of an event, with what is left of each section. */
export interface Show {
  id: string;
  eventId: string;
  venue: { id: string; name: string; city: string; timeZone: string };
  startsAt: Date;
  endsAt: Date;
  /** Null while the event is a draft and no time was set: sales open when it is published. */
  salesOpenAt: Date | null;
  salesCloseAt: Date;
  status: ShowStatus;
  maxPerBooking: number;
  /** How long a hold lasts, in seconds. */
  holdSeconds: number;
  /** Nothing is charged here; the buyer pays at the door. */
  collectAtDoor: boolean;
  waitingRoom: RoomMode;
  /** What goes back when a booking is cancelled; null: everything until the show begins. */
  cancellationPolicy: RefundTerms['policy'];
  version: number;
  sections: ShowSection[];
}

export interface ShowSection {
  sectionId: string;
  name: string;
  kind: SectionKind;
  price: Money;
  capacity: number;
  available: number;
}

/** The public sees nothing of drafts. */
export type Audience = 'public' | 'admin';

/** @throws `not_found` */
export async function findShow(db: Db, showId: string, audience: Audience): Promise<Show> {
  const [show] = await listShows(db, { showId }, audience);
  if (!show) throw notFound();
  return show;
}

/** A show, or the shows of an event in order of time. */
export async function listShows(
  db: Db,
  of: { showId: string } | { eventId: string },
  audience: Audience,
): Promise<Show[]> {
  const rows = await db
    .selectFrom('shows')
    .innerJoin('events', 'events.id', 'shows.event_id')
    .innerJoin('venues', 'venues.id', 'shows.venue_id')
    .selectAll('shows')
    .select(['events.published_at', 'venues.name as venue_name', 'venues.city', 'venues.time_zone'])
    .$if('showId' in of, (query) => query.where('shows.id', '=', 'showId' in of ? of.showId : ''))
    .$if('eventId' in of, (query) => query.where('shows.event_id', '=', 'eventId' in of ? of.eventId : ''))
    .$if(audience === 'public', (query) => query.where('events.status', '!=', 'draft'))
    .orderBy('shows.starts_at')
    .orderBy('shows.id')
    .execute();
  const sections = await listSections(
    db,
    rows.map((row) => row.id),
  );
  return rows.map((row) => toShow(row, sections));
}

type SectionOfShow = Omit<ShowSection, 'price'> & { showId: string; price: number };

async function listSections(db: Db, showIds: readonly string[]): Promise<SectionOfShow[]> {
  const [first] = showIds;
  if (first === undefined) return [];
  return await db
    .selectFrom('show_sections')
    .innerJoin('venue_sections', 'venue_sections.id', 'show_sections.section_id')
    .select(['show_id as showId', 'section_id as sectionId', 'name', 'kind', 'price', 'show_sections.capacity'])
    .select(openPlaces.as('available'))
    .where('show_id', 'in', showIds)
    // The shows of one event share its shard.
    .where('shard', '=', shardOf(first))
    .orderBy('position')
    .execute();
}

type JoinedShow = ShowRow & { published_at: Date | null; venue_name: string; city: string; time_zone: string };

function toShow(row: JoinedShow, sections: readonly SectionOfShow[]): Show {
  return {
    id: row.id,
    eventId: row.event_id,
    venue: { id: row.venue_id, name: row.venue_name, city: row.city, timeZone: row.time_zone },
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    salesOpenAt: row.sales_open_at ?? row.published_at,
    salesCloseAt: row.sales_close_at ?? row.starts_at,
    status: row.status,
    maxPerBooking: row.max_per_booking,
    holdSeconds: row.hold_seconds,
    collectAtDoor: row.collect_at_door,
    waitingRoom: { mode: row.waiting_room_mode, maxActive: row.waiting_room_max_active },
    cancellationPolicy: presentTerms(row.refund_terms ?? []).policy,
    version: row.version,
    sections: sections
      .filter((section) => section.showId === row.id)
      .map(({ showId: _, price, ...section }) => ({ ...section, price: { amount: price, currency: row.currency } })),
  };
}
