/** A show in memory, for tests of the pure rules: it loads itself as an inventory and takes changes as the database would. */
import { newId } from '@evently/db/ids';
import type { Seat } from '../venues/seat-layouts.ts';
import type { BookingState, Changes, EntryState, Inventory, SectionState, ShowFacts } from './inventory.ts';
import type { ClaimRequest, JoinRequest } from './requests.ts';

export interface World {
  show: ShowFacts;
  sections: Map<string, SectionState>;
  rows: Map<string, Seat[][]>;
  seats: Map<string, Seat>;
  bookings: Map<string, BookingState>;
  entries: Map<string, EntryState>;
  entryEvents: Changes['entryEvents'];
  blocked: Set<string>;
  history: Changes['history'];
}

export const SHARD = 7;
export const NOW = new Date('2026-05-01T12:00:00Z');
const LIVE = new Set(['held', 'valid', 'used']);

export interface WorldPlan {
  /** Capacity of each standing section. */
  standing?: number[];
  /** Rows and seats per row of each seated section. */
  seated?: { rows: number; seats: number }[];
  price?: number;
  show?: Partial<ShowFacts>;
}

export function createWorld({ standing = [], seated = [], price = 0, show = {} }: WorldPlan): World {
  const world: World = {
    show: {
      id: newId(SHARD),
      shard: SHARD,
      eventId: newId(SHARD),
      category: 'concert',
      status: 'scheduled',
      eventStatus: 'published',
      salesOpenAt: new Date(NOW.getTime() - 3_600_000),
      salesCloseAt: new Date(NOW.getTime() + 86_400_000),
      startsAt: new Date(NOW.getTime() + 86_400_000),
      currency: 'EUR',
      collectAtDoor: false,
      maxPerBooking: 10,
      holdSeconds: 600,
      refundTerms: [],
      cancellation: null,
      ...show,
    },
    sections: new Map(),
    rows: new Map(),
    seats: new Map(),
    bookings: new Map(),
    entries: new Map(),
    entryEvents: [],
    blocked: new Set(),
    history: [],
  };
  const counters = { price, held: 0, sold: 0, blocked: 0, isSaved: false };
  for (const capacity of standing) {
    const sectionId = newId();
    world.sections.set(sectionId, { sectionId, kind: 'standing', capacity, ...counters });
  }
  for (const { rows, seats } of seated) {
    const sectionId = newId();
    world.sections.set(sectionId, { sectionId, kind: 'seated', capacity: rows * seats, ...counters });
    const laidOut = Array.from({ length: rows }, (_, y) =>
      Array.from({ length: seats }, (__, x) => ({
        seatId: newId(),
        sectionId,
        row: `${y + 1}`,
        number: `${x + 1}`,
        x,
        y,
        besidePrevious: x > 0,
      })),
    );
    world.rows.set(sectionId, laidOut);
    for (const seat of laidOut.flat()) world.seats.set(seat.seatId, seat);
  }
  return world;
}

/** The world as the box office would load it, with everything there is. */
export function inventoryOf(world: World, now = NOW): Inventory {
  const live = [...world.bookings.values()].flatMap((booking) => booking.tickets).filter((t) => LIVE.has(t.status));
  const heldByUser = new Map<string, number>();
  for (const { userId, status, quantity, expiresAt } of world.bookings.values()) {
    const counts = status === 'paying' || (status === 'held' && expiresAt !== null && expiresAt > now);
    if (counts) heldByUser.set(userId, (heldByUser.get(userId) ?? 0) + quantity);
  }
  return {
    show: world.show,
    version: world.history.length,
    sections: new Map(world.sections),
    findSeat: (seatId) => world.seats.get(seatId),
    seatsOf: (sectionId) => world.rows.get(sectionId) ?? [],
    taken: new Set(live.flatMap(({ seatId }) => seatId ?? [])),
    blocked: new Set(world.blocked),
    bookings: new Map(world.bookings),
    heldByUser,
    entries: new Map(world.entries),
    nextPosition: world.entries.size + 1,
  };
}

/** Another world, in which the changes are written. The first stays as it was. */
export function applyChanges(world: World, changes: Changes): World {
  const bookings = new Map(world.bookings);
  for (const booking of changes.newBookings) {
    if (bookings.has(booking.id)) throw new Error(`booking ${booking.id} exists`);
    bookings.set(booking.id, booking);
  }
  for (const { booking, from } of changes.changedBookings) {
    if (bookings.get(booking.id)?.status !== from) throw new Error(`booking ${booking.id} is not ${from}`);
    bookings.set(booking.id, booking);
  }
  const sections = new Map(world.sections);
  for (const { sectionId, isSaved, ...by } of changes.sections) {
    const section = sections.get(sectionId)!;
    const counters = {
      held: section.held + by.held,
      sold: section.sold + by.sold,
      blocked: section.blocked + by.blocked,
    };
    const capacity = section.capacity + by.capacity;
    sections.set(sectionId, { ...section, ...counters, capacity, isSaved: isSaved ?? section.isSaved });
  }
  const entries = new Map(world.entries);
  for (const entry of changes.newEntries) {
    if (entries.has(entry.id)) throw new Error(`entry ${entry.id} exists`);
    entries.set(entry.id, entry);
  }
  for (const { entry, from } of changes.changedEntries) {
    if (entries.get(entry.id)?.status !== from) throw new Error(`entry ${entry.id} is not ${from}`);
    entries.set(entry.id, entry);
  }
  const blocked = new Set(world.blocked);
  for (const { seatId } of changes.blockedSeats) blocked.add(seatId);
  for (const seatId of changes.unblockedSeats) blocked.delete(seatId);
  const { cancelsShow: cancellation } = changes;
  const show = cancellation ? { ...world.show, status: 'cancelled' as const, cancellation } : world.show;
  const history = [...world.history, ...changes.history];
  const entryEvents = [...world.entryEvents, ...changes.entryEvents];
  return { ...world, show, bookings, sections, blocked, entries, history, entryEvents };
}

/** What is wrong with a world, in words; empty when it keeps the invariants of places. */
export function violationsOf(world: World): string[] {
  const found: string[] = [];
  const tickets = [...world.bookings.values()].flatMap((booking) => booking.tickets);
  const seats = tickets.filter((t) => LIVE.has(t.status)).flatMap(({ seatId }) => seatId ?? []);
  if (new Set(seats).size !== seats.length) found.push('a seat is named by two live tickets');
  if (seats.some((seatId) => world.blocked.has(seatId))) found.push('a seat that is kept back is taken');
  for (const { sectionId, held, sold, blocked, capacity } of world.sections.values()) {
    const of = (...statuses: string[]) =>
      tickets.filter((t) => t.sectionId === sectionId && statuses.includes(t.status)).length;
    const keptBack = [...world.blocked].filter((id) => world.seats.get(id)?.sectionId === sectionId).length;
    if (held !== of('held')) found.push(`held counts ${held}, not ${of('held')}`);
    if (sold !== of('valid', 'used')) found.push(`sold counts ${sold}, not ${of('valid', 'used')}`);
    if (blocked !== keptBack) found.push(`blocked counts ${blocked}, not ${keptBack}`);
    if (held + sold + blocked > capacity) found.push(`${held + sold + blocked} of ${capacity} are taken`);
  }
  const ticketStatus = { held: 'held', paying: 'held', confirmed: 'valid' } as Record<string, string>;
  for (const booking of world.bookings.values()) {
    const { id, status, quantity, total, retained, tickets: own, payments } = booking;
    const expected = ticketStatus[status] ?? 'void';
    const fits = (ticket: { status: string }) =>
      ticket.status === expected || (ticket.status === 'void' && status === 'confirmed');
    if (!own.every(fits)) found.push(`booking ${id} is ${status}, its tickets are not`);
    const paid = (kind: string, ...statuses: string[]) =>
      payments.filter((p) => p.kind === kind && statuses.includes(p.status)).reduce((sum, p) => sum + p.amount, 0);
    const money = paid('charge', 'succeeded') - paid('refund', 'requested', 'succeeded', 'failed');
    const due = status === 'confirmed' && !world.show.collectAtDoor ? total : 0;
    if (money !== due + retained) found.push(`booking ${id} has ${money}, not ${due} and ${retained}`);
    const alive = own.filter((ticket) => LIVE.has(ticket.status));
    if (quantity !== alive.length) found.push(`booking ${id} counts ${quantity} tickets of ${alive.length}`);
    if (total !== alive.reduce((sum, ticket) => sum + ticket.price, 0)) found.push(`booking ${id} adds up wrongly`);
  }
  return found;
}

/** A claim as a verb would make it. */
export function claimOf(claim: Pick<ClaimRequest, 'kind' | 'userId'> & Partial<ClaimRequest>): ClaimRequest {
  const { seatIds = [], sections = [] } = claim;
  const quantity = sections.reduce((sum, section) => sum + section.quantity, seatIds.length);
  const bookingId = newId(SHARD);
  return {
    bookingId,
    ticketIds: Array.from({ length: quantity }, () => newId(SHARD)).sort(),
    seatIds,
    sections,
    idempotencyKey: bookingId,
    requestHash: JSON.stringify({ kind: claim.kind, seatIds, sections }),
    specialRequests: null,
    metadata: null,
    charge: null,
    ...claim,
  };
}

/** A place in the waitlist, as a verb would ask for it. */
export function joinOf(joining: Pick<JoinRequest, 'userId' | 'quantity'> & Partial<JoinRequest>): JoinRequest {
  const entryId = newId(SHARD);
  const { sectionId = null, quantity } = joining;
  const requestHash = JSON.stringify({ kind: 'join', sectionId, quantity });
  return { kind: 'join', entryId, sectionId, idempotencyKey: entryId, requestHash, ...joining };
}
