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
  EventStatus,
  PaymentKind,
  PaymentStatus,
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
  tickets: TicketFacts[];
  payments: PaymentState[];
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

/** What a request led to; a problem means that it changed nothing. */
export type Answer = { booking: BookingState } | { problem: Problem } | { done: true };

/**
 * What can happen to a booking. `paying` starts a charge, `payment_failed` ends it, `claimed_again` is a payment that came
 * after the places were given back and found them free, `refunded` one that did not.
 */
export type HistoryType =
  | 'held'
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
  history: HistoryEntry[];
  cancelsShow: boolean;
  /** Whether the show as a whole sold out with this batch, or has something to sell again. */
  soldOutChanged: boolean;
}

export interface Decision {
  eventId: string;
  /** Of the event. */
  category: string;
  /** The instant that everything in it bears. */
  now: Date;
  changes: Changes;
  /** One per request, in their order. */
  answers: Answer[];
}
