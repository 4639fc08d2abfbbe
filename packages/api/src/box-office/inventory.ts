/**
 * The words of the box office: what it knows when it decides, what it is asked, what it answers, what it then writes.
 * Pure types.
 *
 * - An **inventory** is a show as it was loaded under its lock: never more than one transaction old, never from a cache.
 * - A **request** asks for one change. A **batch** is the requests that are decided together, in order of arrival.
 * - A **claim** takes places for a new booking; **live** tickets (held, valid, used) take their seats.
 */
import type { BookingStatus, EventStatus, SectionKind, ShowStatus, TicketStatus } from '@evently/db/schema';
import type { BookingFacts, TicketFacts } from '../bookings/booking.ts';
import type { Problem } from '../problem.ts';
import type { Seat } from '../venues/seat-layouts.ts';

/** What a show sells by. Amounts are integer minor units of `currency`. */
export interface ShowFacts {
  id: string;
  shard: number;
  eventId: string;
  status: ShowStatus;
  eventStatus: EventStatus;
  /** Null while the event is a draft. */
  salesOpenAt: Date | null;
  salesCloseAt: Date;
  currency: string;
  collectAtDoor: boolean;
  maxPerBooking: number;
  holdSeconds: number;
}

/** A section with its counters: held + sold + blocked never exceed the capacity. */
export interface SectionState {
  sectionId: string;
  kind: SectionKind;
  price: number;
  capacity: number;
  held: number;
  sold: number;
  blocked: number;
}

/** A booking with what the box office needs of it beyond what its owner sees. */
export interface BookingState extends BookingFacts {
  idempotencyKey: string;
  requestHash: string;
  historySeq: number;
  historyHash: string;
  tickets: TicketFacts[];
}

/** Somebody in the waitlist's line, in order of position. */
export interface WaitingEntry {
  id: string;
  userId: string;
  sectionId: string | null;
  quantity: number;
  position: number;
}

/** A show under its lock. Seats and bookings are those that the batch is about, and the holds that are overdue. */
export interface Inventory {
  show: ShowFacts;
  version: number;
  sections: ReadonlyMap<string, SectionState>;
  /** The seat of that id, if the show sells it; from the immutable layout. */
  findSeat: (seatId: string) => Seat | undefined;
  /** A section's seats, row by row in layout order; from the immutable layout. */
  seatsOf: (sectionId: string) => readonly (readonly Seat[])[];
  /** The seats in question that a live ticket names. */
  taken: ReadonlySet<string>;
  /** The seats in question that are kept back. */
  blocked: ReadonlySet<string>;
  bookings: ReadonlyMap<string, BookingState>;
  /** How many places each user of the batch holds unpaid. */
  heldByUser: ReadonlyMap<string, number>;
  /** Those who wait, in order of position. */
  waiting: readonly WaitingEntry[];
}

/** Takes places. `hold` leaves them to be paid or released; `book` confirms at once, which needs nothing to be due. */
export interface ClaimRequest {
  kind: 'hold' | 'book';
  userId: string;
  /** Ids made in advance, so that deciding again leads to the same rows. One ticket id per place. */
  bookingId: string;
  ticketIds: readonly string[];
  seatIds: readonly string[];
  sections: readonly { sectionId: string; quantity: number }[];
  idempotencyKey: string;
  requestHash: string;
  specialRequests: string | null;
  /** JSON. */
  metadata: Record<string, unknown> | null;
}

/** Settles a hold: `confirm` makes its tickets valid, `release` gives its places back. */
export interface SettleRequest {
  kind: 'confirm' | 'release';
  bookingId: string;
  userId: string;
}

/** Keeps seats back from sale, or stops doing so. */
export interface BlockRequest {
  kind: 'block' | 'unblock';
  seatIds: readonly string[];
}

/** Expires what is overdue, which every batch does first; asks for nothing else. */
export interface SweepRequest {
  kind: 'sweep';
}

export type BoxOfficeRequest = ClaimRequest | SettleRequest | BlockRequest | SweepRequest;

/** What a request led to; a problem means that it changed nothing. */
export type Answer = { booking: BookingState } | { problem: Problem } | { done: true };

/** One row of a booking's history. `data` holds ids and amounts, never free text. */
export interface HistoryEntry {
  bookingId: string;
  seq: number;
  type: 'held' | 'booked' | 'confirmed' | 'released' | 'expired';
  /** Whoever did it: `user:<id>`, or `system`. */
  actor: string;
  at: Date;
  data: Record<string, unknown>;
  previousHash: string;
  hash: string;
}

export interface SectionChange {
  sectionId: string;
  held: number;
  sold: number;
  blocked: number;
}

export interface TicketChange {
  ticketId: string;
  from: TicketStatus;
  to: TicketStatus;
}

/** A booking that changed, with the status it was loaded in. */
export interface BookingChange {
  booking: BookingState;
  from: BookingStatus;
}

/** All that a batch writes. Empty lists write nothing. */
export interface Changes {
  newBookings: BookingState[];
  changedBookings: BookingChange[];
  changedTickets: TicketChange[];
  sections: SectionChange[];
  blockedSeats: { seatId: string; sectionId: string }[];
  unblockedSeats: string[];
  history: HistoryEntry[];
  /** Whether the show as a whole sold out with this batch, or has something to sell again. */
  soldOutChanged: boolean;
}

export interface Decision {
  eventId: string;
  changes: Changes;
  /** One per request, in their order. */
  answers: Answer[];
}
