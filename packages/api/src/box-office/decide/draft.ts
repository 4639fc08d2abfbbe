import type { TicketStatus } from '@evently/db/schema';
import type { TicketFacts } from '../../bookings/booking.ts';
import type {
  BookingState,
  Changes,
  HistoryEntry,
  Inventory,
  SectionState,
  ShowFacts,
  TicketChange,
} from '../inventory.ts';
import { hashEntry } from './history.ts';

/**
 * The inventory while a batch is being decided: what was loaded, with the decisions so far laid over it. Working on a
 * draft keeps `decide` pure: the loaded inventory is never touched. `changesOf` tells what became of it.
 */
export interface Draft {
  readonly loaded: Inventory;
  readonly show: ShowFacts;
  readonly now: Date;
  readonly sections: Map<string, SectionState>;
  readonly taken: Set<string>;
  readonly blocked: Set<string>;
  readonly bookings: Map<string, BookingState>;
  readonly bookingOfKey: Map<string, string>;
  readonly heldByUser: Map<string, number>;
  readonly history: HistoryEntry[];
}

/** Bookings and the waitlist share a key's scope: one user, one show. */
export const keyOf = (userId: string, idempotencyKey: string): string => `${userId} ${idempotencyKey}`;

export function createDraft(loaded: Inventory, now: Date): Draft {
  const bookings = new Map(loaded.bookings);
  return {
    loaded,
    show: loaded.show,
    now,
    sections: new Map(loaded.sections),
    taken: new Set(loaded.taken),
    blocked: new Set(loaded.blocked),
    bookings,
    bookingOfKey: new Map([...bookings.values()].map((b) => [keyOf(b.userId, b.idempotencyKey), b.id])),
    heldByUser: new Map(loaded.heldByUser),
    history: [],
  };
}

/** How many places of a section are free. */
export function availableIn(section: SectionState): number {
  return section.capacity - section.held - section.sold - section.blocked;
}

/** Moves the counters of a section. @throws Error when that would break its capacity, which no decision may do */
export function countIn(draft: Draft, sectionId: string, by: { held?: number; sold?: number; blocked?: number }): void {
  const section = sectionOf(draft, sectionId);
  const next: SectionState = {
    ...section,
    held: section.held + (by.held ?? 0),
    sold: section.sold + (by.sold ?? 0),
    blocked: section.blocked + (by.blocked ?? 0),
  };
  if (Math.min(next.held, next.sold, next.blocked, availableIn(next)) < 0) {
    throw new Error(
      `section ${sectionId} would hold ${next.held}, sell ${next.sold}, block ${next.blocked} of ${next.capacity}`,
    );
  }
  draft.sections.set(sectionId, next);
}

/** Moves what a user holds unpaid. Overdue holds were never counted, so their expiry does not come here. */
export function countHeldBy(draft: Draft, userId: string, by: number): void {
  draft.heldByUser.set(userId, (draft.heldByUser.get(userId) ?? 0) + by);
}

export function sectionOf(draft: Draft, sectionId: string): SectionState {
  const section = draft.sections.get(sectionId);
  if (!section) throw new Error(`section ${sectionId} was not loaded`);
  return section;
}

const COUNTER: Record<TicketStatus, 'held' | 'sold' | null> = { held: 'held', valid: 'sold', used: 'sold', void: null };

/** Lets all tickets of a status pass into another; counters and seats follow. */
export function moveTickets(draft: Draft, tickets: readonly TicketFacts[], to: TicketStatus): TicketFacts[] {
  return tickets.map((ticket) => {
    const leaves = COUNTER[ticket.status];
    const enters = COUNTER[to];
    if (leaves) countIn(draft, ticket.sectionId, { [leaves]: -1 });
    if (enters) countIn(draft, ticket.sectionId, { [enters]: 1 });
    if (ticket.seatId && !enters) draft.taken.delete(ticket.seatId);
    return { ...ticket, status: to };
  });
}

/** Puts a booking's next state into the draft, with the history row that tells of it. */
export function recordBooking(
  draft: Draft,
  booking: Omit<BookingState, 'historySeq' | 'historyHash'>,
  previous: { seq: number; hash: string },
  event: { type: HistoryEntry['type']; actor: string; data: Record<string, unknown> },
): BookingState {
  const entry = { bookingId: booking.id, seq: previous.seq + 1, ...event, at: draft.now, previousHash: previous.hash };
  const hash = hashEntry(entry);
  draft.history.push({ ...entry, hash });
  const next = { ...booking, historySeq: entry.seq, historyHash: hash };
  draft.bookings.set(next.id, next);
  return next;
}

/** What the draft differs in from what was loaded. */
export function changesOf(draft: Draft): Changes {
  const { loaded } = draft;
  const changes: Changes = {
    newBookings: [],
    changedBookings: [],
    changedTickets: [],
    sections: [],
    blockedSeats: [],
    unblockedSeats: [],
    history: draft.history,
    soldOutChanged: isSoldOut(loaded.sections) !== isSoldOut(draft.sections),
  };
  for (const [id, booking] of draft.bookings) {
    const before = loaded.bookings.get(id);
    if (!before) changes.newBookings.push(booking);
    else if (before !== booking) {
      changes.changedBookings.push({ booking, from: before.status });
      changes.changedTickets.push(...ticketChanges(before, booking));
    }
  }
  for (const [sectionId, { held, sold, blocked }] of draft.sections) {
    const before = loaded.sections.get(sectionId);
    if (!before) throw new Error(`section ${sectionId} was not loaded`);
    const change = { sectionId, held: held - before.held, sold: sold - before.sold, blocked: blocked - before.blocked };
    if (change.held || change.sold || change.blocked) changes.sections.push(change);
  }
  for (const seatId of draft.blocked) {
    const seat = loaded.findSeat(seatId);
    if (seat && !loaded.blocked.has(seatId)) changes.blockedSeats.push({ seatId, sectionId: seat.sectionId });
  }
  for (const seatId of loaded.blocked) if (!draft.blocked.has(seatId)) changes.unblockedSeats.push(seatId);
  return changes;
}

function ticketChanges(before: BookingState, after: BookingState): TicketChange[] {
  const present = new Map(after.tickets.map((ticket) => [ticket.id, ticket.status]));
  return before.tickets.flatMap((ticket) => {
    const to = present.get(ticket.id);
    return to === undefined || to === ticket.status ? [] : [{ ticketId: ticket.id, from: ticket.status, to }];
  });
}

function isSoldOut(sections: ReadonlyMap<string, SectionState>): boolean {
  return [...sections.values()].every((section) => availableIn(section) === 0);
}
