import type { Trx } from '@evently/db/client';
import { type RawBuilder, sql } from 'kysely';
import type { BookingState, EntryState, Inventory } from './inventory.ts';
import {
  countFreed,
  type EntryConcern,
  entryConcernOf,
  type LineConcern,
  lineConcernOf,
  MAX_LINE,
  sectionsToOffer,
} from './line.ts';
import { seatParts } from './load-seats.ts';
import { findSeat, type ShowPlan } from './plans.ts';
import type { BoxOfficeRequest } from './requests.ts';

/** What the lock and the first statements told of a show. */
export interface Told {
  inventory: Inventory;
  requests: readonly BoxOfficeRequest[];
  keys: readonly { userId: string; key: string }[];
  now: Date;
  /** How many wait. */
  waiting: number;
}

/**
 * Adds to an inventory what a batch must know of those who wait: statements of their own, in shows that ever had somebody
 * wait, each only when it has something to read.
 */
export async function addWaitlist(
  trx: Trx,
  plan: ShowPlan,
  told: Told,
  readBookings: (ids: readonly string[]) => Promise<BookingState[]>,
): Promise<Inventory> {
  const entries = await readNamed(trx, plan, told);
  const { bookings } = told.inventory;
  const offered = entries.flatMap(({ status, bookingId }) => (status === 'offered' && bookingId ? [bookingId] : []));
  const unknown = offered.filter((id) => !bookings.has(id));
  const others = unknown.length > 0 ? await readBookings(unknown) : [];
  const inventory = {
    ...told.inventory,
    bookings: new Map([...bookings, ...others.map((booking) => [booking.id, booking] as const)]),
    entries: new Map(entries.map((entry) => [entry.id, entry])),
  };
  const line = await readLine(trx, plan, { ...told, inventory });
  return {
    ...inventory,
    entries: new Map([...inventory.entries, ...line.entries.map((entry) => [entry.id, entry] as const)]),
    taken: new Set([...inventory.taken, ...line.taken]),
    blocked: new Set([...inventory.blocked, ...line.blocked]),
  };
}

/** The entries that the batch names, by themselves or by their offers. */
async function readNamed(trx: Trx, plan: ShowPlan, { requests, keys, inventory }: Told): Promise<EntryState[]> {
  const concern = entryConcernOf(requests, keys, inventory.bookings.values(), inventory.nextPosition > 1);
  const isAny = Object.values(concern).some((list) => list.length > 0);
  return isAny ? await readEntries(trx, entriesStatement(plan, concern)) : [];
}

/** Those in the line who may be offered something by this batch, or are sent home; and the seats they may be offered. */
async function readLine(
  trx: Trx,
  plan: ShowPlan,
  { inventory, requests, now, waiting }: Told,
): Promise<{ entries: EntryState[]; taken: string[]; blocked: string[] }> {
  const none = { entries: [], taken: [], blocked: [] };
  const { show, sections, bookings, entries: named } = inventory;
  const findSectionId = (seatId: string) => findSeat(plan, seatId)?.sectionId;
  const freed = countFreed(requests, bookings.values(), named.values(), findSectionId, now);
  const concern = lineConcernOf({ show, sections: sections.values(), now }, requests, freed, waiting);
  if (!concern) return none;
  const entries = waiting === 0 ? [] : await readEntries(trx, lineStatement(plan, concern));
  const seated = sectionsToOffer(concern.openings, [...named.values(), ...entries], requests).filter(
    (sectionId) => sections.get(sectionId)?.kind === 'seated',
  );
  if (seated.length === 0) return { ...none, entries };
  const { rows } = await seatsStatement(plan, seated).execute(trx);
  return { entries, taken: rows[0]?.taken ?? [], blocked: rows[0]?.blocked ?? [] };
}

type EntryRow = Omit<EntryState, 'saves' | 'joinedAt'> & {
  joinedAt: Date;
  savesSectionId: string | null;
  savesUntil: Date | null;
};

async function readEntries(trx: Trx, statement: RawBuilder<EntryRow>): Promise<EntryState[]> {
  const { rows } = await statement.execute(trx);
  return rows.map(({ savesSectionId, savesUntil, ...entry }) => ({
    ...entry,
    saves: savesSectionId !== null && savesUntil !== null ? { sectionId: savesSectionId, until: savesUntil } : null,
  }));
}

function entriesOf({ shard }: ShowPlan, wanted: readonly RawBuilder<unknown>[]): RawBuilder<EntryRow> {
  return sql<EntryRow>`
    SELECT e.id, e.user_id AS "userId", e.section_id AS "sectionId", e.quantity, e.position, e.status,
      e.joined_at AS "joinedAt", e.booking_id AS "bookingId", e.passed, e.saves_section_id AS "savesSectionId",
      e.saves_until AS "savesUntil", e.idempotency_key AS "idempotencyKey", e.request_hash AS "requestHash", e.version
    FROM (${sql.join(wanted, sql` UNION `)}) AS wanted (id)
    CROSS JOIN LATERAL (SELECT * FROM waitlist_entries WHERE waitlist_entries.id = wanted.id AND shard = ${shard} LIMIT 1) AS e
    ORDER BY e.position`;
}

/** What reads the entries that a batch names. */
export function entriesStatement(plan: ShowPlan, { ids, keys, userIds }: EntryConcern): RawBuilder<EntryRow> {
  const here = sql`show_id = ${plan.showId} AND shard = ${plan.shard}`;
  const wanted: RawBuilder<unknown>[] = [];
  if (ids.length > 0) {
    wanted.push(sql`SELECT found.id FROM unnest(${ids}::uuid[]) AS i (id)
      CROSS JOIN LATERAL (SELECT id FROM waitlist_entries WHERE waitlist_entries.id = i.id AND ${here} LIMIT 1) AS found`);
  }
  if (keys.length > 0) {
    wanted.push(sql`SELECT found.id
      FROM unnest(${keys.map((k) => k.userId)}::uuid[], ${keys.map((k) => k.key)}::text[]) AS k (user_id, key)
      CROSS JOIN LATERAL (SELECT id FROM waitlist_entries
        WHERE idempotency_key = k.key AND user_id = k.user_id AND ${here} LIMIT 1) AS found`);
  }
  if (userIds.length > 0) {
    wanted.push(sql`SELECT found.id FROM unnest(${userIds}::uuid[]) AS u (id)
      CROSS JOIN LATERAL (SELECT id FROM waitlist_entries
        WHERE user_id = u.id AND ${here} AND status IN ('waiting', 'offered') LIMIT 1) AS found`);
  }
  return entriesOf(plan, wanted);
}

/**
 * What reads the line: for each section with something to offer, and for those who take any, who is first, and, behind
 * those, who would fit; so that a long line of large parties hides nobody. Whoever something is saved for is always among them.
 */
export function lineStatement(plan: ShowPlan, { openings, isEnding }: LineConcern): RawBuilder<EntryRow> {
  const here = sql`show_id = ${plan.showId} AND shard = ${plan.shard} AND status = 'waiting'`;
  const first = sql`ORDER BY position LIMIT ${sql.lit(MAX_LINE)}`;
  const wanted: RawBuilder<unknown>[] = [
    sql`(SELECT id FROM waitlist_entries WHERE ${here} AND saves_until IS NOT NULL)`,
  ];
  // Whoever is sent home is sent home in no order.
  if (isEnding) wanted.push(sql`(SELECT id FROM waitlist_entries WHERE ${here} LIMIT ${sql.lit(MAX_LINE)})`);
  if (openings.length > 0) {
    const most = Math.max(...openings.map(({ places }) => places));
    const lines = [...openings, { sectionId: plan.showId, places: most }];
    const line = sql`unnest(${lines.map((l) => l.sectionId)}::uuid[], ${lines.map((l) => l.places)}::int[]) AS l (id, places)`;
    const isIn = sql`${here} AND coalesce(section_id, show_id) = l.id`;
    wanted.push(
      sql`SELECT e.id FROM ${line} CROSS JOIN LATERAL (SELECT id FROM waitlist_entries WHERE ${isIn} ${first}) AS e`,
      sql`SELECT e.id FROM ${line} CROSS JOIN LATERAL (SELECT id FROM waitlist_entries
        WHERE ${isIn} AND quantity <= l.places ${first}) AS e`,
    );
  }
  return entriesOf(plan, wanted);
}

/** What reads who sits where in whole sections. */
export function seatsStatement(
  plan: ShowPlan,
  pickedSectionIds: readonly string[],
): RawBuilder<{ taken: string[] | null; blocked: string[] | null }> {
  const here = sql`show_id = ${plan.showId} AND shard = ${plan.shard}`;
  const parts = seatParts({ seatIds: [], paidBookingIds: [], pickedSectionIds }, here);
  return sql`SELECT ${sql.join(parts, sql`, `)}`;
}
