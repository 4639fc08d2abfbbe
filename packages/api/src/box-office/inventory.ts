/**
 * The words of the box office: what it knows when it decides, what it answers, what it then writes. What it is asked for
 * is in requests.ts. Pure types.
 *
 * - An **inventory** is a show as it was loaded under its lock: never more than one transaction old, never from a cache.
 * - A **request** asks for one change. A **batch** is the requests that are decided together, in order of arrival.
 * - A **claim** takes places for a new booking; **live** tickets (held, valid, used) take their seats.
 */
import type {
  BookingStatus,
  EntryStatus,
  EventStatus,
  PaymentKind,
  PaymentStatus,
  RefundTerms,
  SectionKind,
  ShowStatus,
  TicketStatus,
} from '@evently/db/schema';
import type { BookingFacts, TicketFacts } from '../bookings/booking.ts';
import type { Problem } from '../problem.ts';
import type { Seat } from '../venues/seat-layouts.ts';

/** What a show sells by. Amounts are integer minor units of `currency`. */
export interface ShowFacts {
  id: string;
  shard: number;
  eventId: string;
  /** Of the event. */
  category: string;
  status: ShowStatus;
  eventStatus: EventStatus;
  /** Null while the event is a draft. */
  salesOpenAt: Date | null;
  salesCloseAt: Date;
  startsAt: Date;
  currency: string;
  collectAtDoor: boolean;
  maxPerBooking: number;
  holdSeconds: number;
  /** What it returned, and returns now, when a booking is cancelled; in order of time, none: all of it until the start. */
  refundTerms: readonly RefundTerms[];
  /** Null unless the organiser cancelled it. */
  cancellation: ShowCancellation | null;
}

/** Why a show is cancelled, and by which admin. */
export interface ShowCancellation {
  reason: string;
  userId: string;
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
  /** Its free places are saved for somebody who waits, and nobody else may have them. */
  isSaved: boolean;
}

/** Money that moved for a booking, or is about to. */
export interface PaymentState {
  id: string;
  kind: PaymentKind;
  status: PaymentStatus;
  /** Minor units of the booking's currency. */
  amount: number;
  provider: string;
  /** Of a refund: the charge that it returns. */
  chargeId: string | null;
  /** Of a charge: whether the places go back when it fails, as in a booking that was made in one call. */
  givesBack: boolean;
}

/** A booking with what the box office needs of it beyond what its owner sees. */
export interface BookingState extends BookingFacts {
  /** Null once the request that made it was refused after all: its key may be used again. */
  idempotencyKey: string | null;
  requestHash: string;
  historySeq: number;
  historyHash: string;
  /** Of an offer: to whom of those who wait it was made. */
  entryId: string | null;
  tickets: TicketFacts[];
  payments: PaymentState[];
}

/** Somebody's place in the waitlist of a show. */
export interface EntryState {
  id: string;
  userId: string;
  /** Null: any section will do. */
  sectionId: string | null;
  quantity: number;
  /** Grows with everybody who joins, so that it orders them; what people see is the rank among those who wait still. */
  position: number;
  status: EntryStatus;
  joinedAt: Date;
  /** The offer that was made to them; null before. */
  bookingId: string | null;
  /** How many smaller parties were served before this one while it was the first in line. */
  passed: number;
  /** The section whose free places are saved for them, and until when. */
  saves: { sectionId: string; until: Date } | null;
  idempotencyKey: string;
  requestHash: string;
  /** Grows with every event. */
  version: number;
}

/**
 * What can happen to an entry. `passed`: somebody behind it was served, since it needs more than there was. `saving`: the
 * free places of a section are saved for it; `saved_in_vain`: they were not enough in time.
 */
export type EntryEventType =
  | 'joined'
  | 'offered'
  | 'passed'
  | 'saving'
  | 'saved_in_vain'
  | 'converted'
  | 'declined'
  | 'lapsed'
  | 'left'
  | 'closed';

/** One row of what the waitlist did, and why. `data` holds ids and numbers. */
export interface EntryEvent {
  entryId: string;
  seq: number;
  type: EntryEventType;
  at: Date;
  data: Record<string, unknown>;
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
  /** Those who wait, as far as anything may become free for them, and the entries that the batch is about. */
  entries: ReadonlyMap<string, EntryState>;
  /** Of whoever joins next. */
  nextPosition: number;
}

/** What a request led to; a problem means that it changed nothing. */
export type Answer = { booking: BookingState } | { entry: EntryState } | { problem: Problem } | { done: true };

/**
 * What can happen to a booking. `offered` is a hold that was made for somebody who waits, `paying` starts a charge, `payment_failed` ends it, `claimed_again` is a payment that came
 * after the places were given back and found them free, `refunded` one that did not.
 */
export type HistoryType =
  | 'held'
  | 'offered'
  | 'booked'
  | 'paying'
  | 'payment_failed'
  | 'confirmed'
  | 'claimed_again'
  | 'refunded'
  | 'extended'
  | 'released'
  | 'expired'
  | 'cancelled';

/** One row of a booking's history. `data` holds ids and amounts, never free text. */
export interface HistoryEntry {
  bookingId: string;
  seq: number;
  type: HistoryType;
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
  capacity: number;
  /** Only where it changed. */
  isSaved?: boolean;
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

/** A ticket of a booking that was there before. */
export interface NewTicket {
  bookingId: string;
  ticket: TicketFacts;
}

export interface NewPayment {
  bookingId: string;
  payment: PaymentState;
}

export interface PaymentChange {
  paymentId: string;
  from: PaymentStatus;
  to: PaymentStatus;
}

/** An entry that changed, with the status it was loaded in. */
export interface EntryChange {
  entry: EntryState;
  from: EntryStatus;
}

/** All that a batch writes. Empty lists write nothing. */
export interface Changes {
  newBookings: BookingState[];
  changedBookings: BookingChange[];
  newTickets: NewTicket[];
  changedTickets: TicketChange[];
  newPayments: NewPayment[];
  changedPayments: PaymentChange[];
  sections: SectionChange[];
  blockedSeats: { seatId: string; sectionId: string }[];
  unblockedSeats: string[];
  newEntries: EntryState[];
  changedEntries: EntryChange[];
  entryEvents: EntryEvent[];
  history: HistoryEntry[];
  /** Null: the show stays as it is. */
  cancelsShow: ShowCancellation | null;
  /** Whether the show as a whole sold out with this batch, or has something to sell again. */
  soldOutChanged: boolean;
}

export interface Decision {
  showId: string;
  eventId: string;
  /** Of the event. */
  category: string;
  /** The instant that everything in it bears. */
  now: Date;
  changes: Changes;
  /** One per request, in their order. */
  answers: Answer[];
}
