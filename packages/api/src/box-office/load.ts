import type { Trx } from '@evently/db/client';
import { executeTogether } from '@evently/db/pipelined-driver';
import type { BookingStatus, EventStatus, RefundTerms, ShowStatus, TicketStatus } from '@evently/db/schema';
import { type RawBuilder, sql } from 'kysely';
import { type InventoryRow, inventoryLock } from '../shows/inventory-lock.ts';
import type { BookingState, Inventory, SectionState, ShowCancellation } from './inventory.ts';
import { seatParts } from './load-seats.ts';
import { addWaitlist } from './load-waitlist.ts';
import { findSeat, type ShowPlan } from './plans.ts';
import type { BoxOfficeRequest } from './requests.ts';

/** How many overdue holds one batch expires; the sweep sends further batches for the rest. */
export const MAX_EXPIRED_PER_BATCH = 200;

/** What a batch is about, gathered from its requests: nothing else is loaded. */
export interface Concern {
  seatIds: string[];
  /** Seated sections out of which places are picked: all their taken seats count. */
  pickedSectionIds: string[];
  bookingIds: string[];
  keys: { userId: string; key: string }[];
  /** Bookings whose payment was settled: whether their seats are taken matters should it come too late. */
  paidBookingIds: string[];
  holders: string[];
}

export function concernOf(plan: ShowPlan, requests: readonly BoxOfficeRequest[]): Concern {
  const seatIds = new Set<string>();
  const picked = new Set<string>();
  const bookingIds = new Set<string>();
  const paid = new Set<string>();
  const holders = new Set<string>();
  const keys: Concern['keys'] = [];
  const seated = new Set(plan.layout.sections.filter((s) => s.kind === 'seated').map((s) => s.sectionId));
  for (const request of requests) {
    if ('seatIds' in request) for (const seatId of request.seatIds) if (findSeat(plan, seatId)) seatIds.add(seatId);
    if (request.kind === 'hold' || request.kind === 'book') {
      keys.push({ userId: request.userId, key: request.idempotencyKey });
      for (const { sectionId } of request.sections) if (seated.has(sectionId)) picked.add(sectionId);
      if (request.kind === 'hold' || request.charge !== null) holders.add(request.userId);
    } else if ('bookingId' in request) bookingIds.add(request.bookingId);
    else if (request.kind === 'join') keys.push({ userId: request.userId, key: request.idempotencyKey });
    if (request.kind === 'finish-payment') paid.add(request.bookingId);
  }
  return {
    seatIds: [...seatIds],
    pickedSectionIds: [...picked],
    bookingIds: [...bookingIds],
    paidBookingIds: [...paid],
    keys,
    holders: [...holders],
  };
}

/** What the load statement answers. Instants are Unix milliseconds, since they travel as JSON. */
export interface LoadedRow {
  now: number;
  show: LoadedShow | null;
  sections: Omit<SectionState, 'kind'>[] | null;
  taken: string[] | null;
  blocked: string[] | null;
  /** The bookings that matter: repeated keys, and holds that are overdue or lie in the way. */
  wanted: string[] | null;
  held: { userId: string; quantity: number }[] | null;
}

interface LoadedShow {
  eventId: string;
  category: string;
  status: ShowStatus;
  eventStatus: EventStatus;
  salesOpenAt: number | null;
  salesCloseAt: number;
  startsAt: number;
  currency: string;
  collectAtDoor: boolean;
  maxPerBooking: number;
  holdSeconds: number;
  refundTerms: RefundTerms[];
  cancellation: ShowCancellation | null;
}

type LoadedBooking = Omit<
  BookingState,
  'expiresAt' | 'createdAt' | 'confirmedAt' | 'cancelledAt' | 'showId' | 'status'
> & {
  status: BookingStatus;
  expiresAt: number | null;
  createdAt: number;
  confirmedAt: number | null;
  cancelledAt: number | null;
  tickets: { id: string; sectionId: string; seatId: string | null; price: number; status: TicketStatus }[];
};

const millis = (column: string) => sql`(extract(epoch FROM ${sql.ref(column)}) * 1000)::bigint`;

/** What is decided together, and with whom we share the show. */
export interface Batch {
  /** Fixes what belongs to the batch; answers the same from then on. */
  take: () => readonly BoxOfficeRequest[];
  /**
   * Whether other processes sell the show, too. Then the lock is waited for, and the batch is fixed only when we have it:
   * it takes along who came meanwhile. Alone, waiting for the lock's answer would be a round trip for nothing.
   */
  isShared: boolean;
}

/** A show under its lock, and what is to be decided about it. */
export interface Loaded {
  inventory: Inventory;
  requests: readonly BoxOfficeRequest[];
  now: Date;
}

/**
 * Takes the show's lock and reads the show as it is from then on, in one round trip; in two, when it turns out that bookings
 * matter which the batch does not name, or when the show is shared.
 *
 * @returns null when the show is gone
 */
export async function lockAndLoad(trx: Trx, plan: ShowPlan, batch: Batch): Promise<Loaded | null> {
  const lock = inventoryLock(trx, plan.showId);
  if (batch.isShared) await trx.executeQuery(lock);
  const requests = batch.take();
  const concern = concernOf(plan, requests);
  const load = loadStatement(plan, concern).compile(trx);
  const named = concern.bookingIds;
  const details = named.length > 0 ? [bookingsStatement(plan, named).compile(trx)] : [];
  // To ask again for a lock that is ours already costs next to nothing, and leaves one way of loading.
  const [locked, read, found] = await executeTogether(trx, [lock, load, ...details]);
  const lockedRow = locked.rows[0];
  const row = read.rows[0];
  if (!lockedRow || !row?.show || !row.sections) return null;
  const bookings = found?.rows ?? [];
  const known = new Set(named);
  const others = row.wanted?.filter((id) => !known.has(id)) ?? [];
  if (others.length > 0) bookings.push(...(await bookingsStatement(plan, others).execute(trx)).rows);
  const { show, sections } = row;
  const inventory = toInventory(plan, { ...row, show, sections }, bookings, lockedRow);
  const now = new Date(row.now);
  // Where nobody ever waited, as nearly everywhere, all that there is to know is known.
  const isLine = inventory.nextPosition > 1 || requests.some((request) => 'entryId' in request);
  if (!isLine) return { inventory, requests, now };
  const told = { inventory, requests, keys: concern.keys, now, waiting: lockedRow.waiting };
  const readBookings = async (ids: readonly string[]) => {
    const { rows } = await bookingsStatement(plan, ids).execute(trx);
    return rows.map((booking) => toState(plan.showId, booking));
  };
  return { inventory: await addWaitlist(trx, plan, told, readBookings), requests, now };
}

type FoundRow = LoadedRow & { show: LoadedShow; sections: NonNullable<LoadedRow['sections']> };

function toInventory(
  plan: ShowPlan,
  row: FoundRow,
  bookings: readonly LoadedBooking[],
  { version, nextPosition }: InventoryRow,
): Inventory {
  const counted = new Map(row.sections.map((section) => [section.sectionId, section]));
  const seatsOf = new Map(plan.layout.sections.map((s) => [s.sectionId, s.rows.map((rowOfSeats) => rowOfSeats.seats)]));
  const { salesOpenAt, salesCloseAt, startsAt, ...show } = row.show;
  return {
    show: {
      ...show,
      id: plan.showId,
      shard: plan.shard,
      salesOpenAt: salesOpenAt === null ? null : new Date(salesOpenAt),
      salesCloseAt: new Date(salesCloseAt),
      startsAt: new Date(startsAt),
    },
    version,
    sections: inLayoutOrder(plan, counted),
    findSeat: (seatId) => findSeat(plan, seatId),
    seatsOf: (sectionId) => seatsOf.get(sectionId) ?? [],
    taken: new Set(row.taken),
    blocked: new Set(row.blocked),
    bookings: new Map(bookings.map((booking) => [booking.id, toState(plan.showId, booking)])),
    heldByUser: new Map(row.held?.map(({ userId, quantity }) => [userId, quantity])),
    entries: new Map(),
    nextPosition,
  };
}

/** Whoever takes any section is given the foremost. */
function inLayoutOrder(
  { layout }: ShowPlan,
  counted: ReadonlyMap<string, Omit<SectionState, 'kind'>>,
): Map<string, SectionState> {
  const sections = new Map<string, SectionState>();
  for (const { sectionId, kind } of layout.sections) {
    const section = counted.get(sectionId);
    if (section) sections.set(sectionId, { ...section, kind });
  }
  return sections;
}

function toState(showId: string, row: LoadedBooking): BookingState {
  const instant = (value: number | null) => (value === null ? null : new Date(value));
  return {
    ...row,
    showId,
    createdAt: new Date(row.createdAt),
    expiresAt: instant(row.expiresAt),
    confirmedAt: instant(row.confirmedAt),
    cancelledAt: instant(row.cancelledAt),
  };
}

/**
 * What reads the show once its lock is ours. It is a statement of its own: READ COMMITTED then shows what was committed while
 * we waited for the lock. The parts that this batch does not need are left out, since planning them takes longer than running
 * them; and look-ups are lateral: joins against `unnest` went linear on tables that nobody had analysed yet.
 */
export function loadStatement(plan: ShowPlan, concern: Concern): RawBuilder<LoadedRow> {
  const here = sql`show_id = ${plan.showId} AND shard = ${plan.shard}`;
  const parts = [wantedPart(plan, concern, here), ...seatParts(concern, here)];
  if (concern.holders.length > 0) parts.push(heldPart(concern, here));
  // The clock stands in a CTE because it is volatile: every part of the statement then sees the same instant.
  return sql<LoadedRow>`
    WITH clock AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS now)
    SELECT ${millis('clock.now')} AS now,
      (SELECT json_build_object('eventId', e.id, 'category', e.category, 'status', s.status, 'eventStatus', e.status,
          'salesOpenAt', (extract(epoch FROM coalesce(s.sales_open_at, e.published_at)) * 1000)::bigint,
          'salesCloseAt', (extract(epoch FROM coalesce(s.sales_close_at, s.starts_at)) * 1000)::bigint,
          'startsAt', ${millis('s.starts_at')}, 'currency', s.currency, 'collectAtDoor', s.collect_at_door,
          'maxPerBooking', s.max_per_booking, 'holdSeconds', s.hold_seconds, 'refundTerms', coalesce(s.refund_terms, '[]'),
          'cancellation', CASE WHEN s.cancelled_at IS NOT NULL
            THEN json_build_object('reason', s.cancellation_reason, 'userId', s.cancelled_by) END)
        FROM shows s JOIN events e ON e.id = s.event_id WHERE s.id = ${plan.showId}) AS show,
      (SELECT json_agg(json_build_object('sectionId', section_id, 'price', price, 'capacity', capacity,
          'held', held, 'sold', sold, 'blocked', blocked, 'isSaved', saved))
        FROM show_sections WHERE ${here}) AS sections,
      ${sql.join(parts, sql`, `)}
    FROM clock`;
}

/** Which bookings have the key of a request, and which holds are overdue or lie in the way. */
function wantedPart(plan: ShowPlan, concern: Concern, here: RawBuilder<unknown>): RawBuilder<unknown> {
  const wanted: RawBuilder<unknown>[] = [
    sql`(SELECT id FROM bookings WHERE ${here} AND status = 'held' AND expires_at <= clock.now
      ORDER BY expires_at LIMIT ${sql.lit(MAX_EXPIRED_PER_BATCH)})`,
  ];
  if (concern.keys.length > 0) {
    wanted.push(sql`
      SELECT found.id
      FROM unnest(${concern.keys.map((k) => k.userId)}::uuid[], ${concern.keys.map((k) => k.key)}::text[]) AS k (user_id, key)
      CROSS JOIN LATERAL (SELECT id FROM bookings
        WHERE idempotency_key = k.key AND user_id = k.user_id AND ${here} LIMIT 1) AS found`);
  }
  if (concern.seatIds.length > 0) {
    wanted.push(sql`
      SELECT hold.id FROM unnest(${concern.seatIds}::uuid[]) AS s (id)
      CROSS JOIN LATERAL (SELECT booking_id FROM tickets
        WHERE seat_id = s.id AND ${here} AND status = 'held' LIMIT 1) AS t
      CROSS JOIN LATERAL (SELECT id FROM bookings WHERE id = t.booking_id AND shard = ${plan.shard}
        AND status = 'held' AND expires_at <= clock.now LIMIT 1) AS hold`);
  }
  return sql`(SELECT json_agg(id) FROM (${sql.join(wanted, sql` UNION `)}) AS wanted (id)) AS wanted`;
}

/** What reads bookings of the show, with their tickets and payments. */
export function bookingsStatement({ showId, shard }: ShowPlan, ids: readonly string[]): RawBuilder<LoadedBooking> {
  return sql<LoadedBooking>`
    SELECT b.id, b.reference, b.event_id AS "eventId", b.user_id AS "userId", b.status, b.quantity, b.total, b.retained,
      b.currency, ${millis('b.expires_at')} AS "expiresAt", ${millis('b.created_at')} AS "createdAt",
      ${millis('b.confirmed_at')} AS "confirmedAt", ${millis('b.cancelled_at')} AS "cancelledAt",
      b.special_requests AS "specialRequests", b.cancellation_reason AS "cancellationReason", b.metadata, b.version,
      b.idempotency_key AS "idempotencyKey", b.request_hash AS "requestHash",
      b.history_seq AS "historySeq", b.history_hash AS "historyHash", b.entry_id AS "entryId",
      (SELECT json_agg(json_build_object('id', t.id, 'sectionId', t.section_id, 'seatId', t.seat_id,
          'price', t.price, 'status', t.status) ORDER BY t.id)
        FROM tickets t WHERE t.booking_id = b.id AND t.shard = b.shard) AS tickets,
      (SELECT coalesce(json_agg(json_build_object('id', p.id, 'kind', p.kind, 'status', p.status,
          'amount', p.amount, 'provider', p.provider, 'chargeId', p.charge_id, 'givesBack', p.gives_back) ORDER BY p.id), '[]')
        FROM payments p WHERE p.booking_id = b.id AND p.shard = b.shard) AS payments
    FROM unnest(${ids}::uuid[]) AS wanted (id)
    CROSS JOIN LATERAL (SELECT * FROM bookings
      WHERE bookings.id = wanted.id AND show_id = ${showId} AND shard = ${shard} LIMIT 1) AS b`;
}

function heldPart(concern: Concern, here: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    (SELECT json_agg(json_build_object('userId', u.id, 'quantity', h.quantity))
      FROM unnest(${concern.holders}::uuid[]) AS u (id)
      CROSS JOIN LATERAL (SELECT sum(quantity)::int AS quantity FROM bookings
        WHERE user_id = u.id AND ${here} AND (status = 'paying' OR (status = 'held' AND expires_at > clock.now))) AS h
      WHERE h.quantity > 0) AS held`;
}
