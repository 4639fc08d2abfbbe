import type { TicketStatus } from '@evently/db/schema';
import type { TicketFacts } from '../../bookings/booking.ts';
import type {
  BookingState,
  EntryEvent,
  EntryState,
  HistoryEntry,
  HistoryType,
  Inventory,
  SectionState,
  ShowCancellation,
  ShowFacts,
} from '../inventory.ts';
import { followOffer } from './entries.ts';
import { hashEntry } from './history.ts';

/**
 * The inventory while a batch is being decided: what was loaded, with the decisions so far laid over it. Working on a
 * draft keeps `decide` pure: the loaded inventory is never touched. `changesOf` (changes.ts) tells what became of it.
 */
export interface Draft {
  readonly loaded: Inventory;
  show: ShowFacts;
  readonly now: Date;
  readonly sections: Map<string, SectionState>;
  readonly taken: Set<string>;
  readonly blocked: Set<string>;
  readonly bookings: Map<string, BookingState>;
  readonly bookingOfKey: Map<string, string>;
  readonly heldByUser: Map<string, number>;
  readonly entries: Map<string, EntryState>;
  readonly entryOfKey: Map<string, string>;
  readonly entryEvents: EntryEvent[];
  nextPosition: number;
  /** How many of those who wait were offered something, or sent home. */
  served: number;
  readonly history: HistoryEntry[];
  cancelsShow: ShowCancellation | null;
}

/** Bookings and the waitlist share a key's scope: one user, one show. */
export const keyOf = (userId: string, idempotencyKey: string): string => `${userId} ${idempotencyKey}`;

export function createDraft(loaded: Inventory, now: Date): Draft {
  const bookings = new Map(loaded.bookings);
  const entries = new Map(loaded.entries);
  return {
    loaded,
    show: loaded.show,
    now,
    sections: new Map(loaded.sections),
    taken: new Set(loaded.taken),
    blocked: new Set(loaded.blocked),
    bookings,
    bookingOfKey: new Map(
      [...bookings.values()].flatMap((b) =>
        b.idempotencyKey === null ? [] : [[keyOf(b.userId, b.idempotencyKey), b.id]],
      ),
    ),
    heldByUser: new Map(loaded.heldByUser),
    entries,
    entryOfKey: new Map([...entries.values()].map((entry) => [keyOf(entry.userId, entry.idempotencyKey), entry.id])),
    entryEvents: [],
    nextPosition: loaded.nextPosition,
    served: 0,
    history: [],
    cancelsShow: null,
  };
}

/** Whether the organiser called it off: the show, or its whole event. */
export const isCalledOff = ({ status, eventStatus }: ShowFacts): boolean =>
  status === 'cancelled' || eventStatus === 'cancelled';

/** How many places of a section are free. */
export function availableIn(section: SectionState): number {
  return section.capacity - section.held - section.sold - section.blocked;
}

/** How many places of a section anybody may have: none while they are saved for somebody who waits. */
export function openIn(section: SectionState): number {
  return section.isSaved ? 0 : availableIn(section);
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
    if (ticket.seatId && leaves && !enters) draft.taken.delete(ticket.seatId);
    return { ...ticket, status: to };
  });
}

/** Puts a booking's next state into the draft, with the history row that tells of it; if it is an offer, its entry follows. */
export function recordBooking(
  draft: Draft,
  booking: Omit<BookingState, 'historySeq' | 'historyHash'>,
  previous: { seq: number; hash: string },
  event: { type: HistoryType; actor: string; data: Record<string, unknown> },
): BookingState {
  const entry = { bookingId: booking.id, seq: previous.seq + 1, ...event, at: draft.now, previousHash: previous.hash };
  const hash = hashEntry(entry);
  draft.history.push({ ...entry, hash });
  const next = { ...booking, historySeq: entry.seq, historyHash: hash };
  draft.bookings.set(next.id, next);
  followOffer(draft, next);
  return next;
}

/** The history a booking stands at. */
export const historyOf = (booking: BookingState) => ({ seq: booking.historySeq, hash: booking.historyHash });
