/**
 * The words of the box office: what it knows when it decides, what it is asked, what it answers, what it then writes.
 * Pure types.
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

/** A charge that is about to be tried; its id was made in advance, so that asking twice does not charge twice. */
export interface NewCharge {
  paymentId: string;
  provider: string;
}

/**
 * Takes places. `hold` leaves them to be paid or released. `book` confirms at once where nothing is due; otherwise, with a
 * charge, it makes a booking that is `paying`.
 */
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
  charge: NewCharge | null;
}

/** Makes a hold's tickets valid, or, where something is due, lets the booking start `paying` by a charge. */
export interface ConfirmRequest {
  kind: 'confirm';
  bookingId: string;
  userId: string;
  charge: NewCharge | null;
}

/** `release` gives the places of a hold back, `extend` prolongs it once. */
export interface SettleRequest {
  kind: 'release' | 'extend';
  bookingId: string;
  userId: string;
}

/** What became of a charge: the second half of a confirmation. */
export interface FinishPaymentRequest {
  kind: 'finish-payment';
  bookingId: string;
  paymentId: string;
  /** `failed`: nothing was charged. `unknown`: nobody knows yet, and reconciliation will find out. */
  outcome: 'succeeded' | 'failed' | 'unknown';
  /** For new tickets, should the payment come after the places were given back. */
  ticketIds: readonly string[];
  /** For a refund, should there be no such places any more. */
  refundId: string;
}

/** Voids tickets of a confirmed booking and returns money. */
export interface CancelRequest {
  kind: 'cancel';
  bookingId: string;
  /** Null: an admin, who may cancel anybody's. */
  userId: string | null;
  /** As histories name them: `user:<id>` or `admin:<id>`. */
  actor: string;
  /** Why, in the words of an admin; null from the owner. */
  reason: string | null;
  /** Null: all of them. */
  ticketIds: readonly string[] | null;
  refund: RefundMode;
  refundId: string;
}

/** What a cancellation returns: what the rules say, everything, or nothing. */
export type RefundMode = 'policy' | 'full' | 'none';

/** How many places a section may sell. */
export interface CapacityRequest {
  kind: 'set-capacity';
  sectionId: string;
  capacity: number;
}

/** Ends the show: from this commit on, nothing of it is sold. */
export interface CancelShowRequest {
  kind: 'cancel-show';
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

export type BoxOfficeRequest =
  | ClaimRequest
  | ConfirmRequest
  | SettleRequest
  | FinishPaymentRequest
  | CancelRequest
  | BlockRequest
  | CapacityRequest
  | CancelShowRequest
  | SweepRequest;

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
  /** The instant that everything in it bears. */
  now: Date;
  changes: Changes;
  /** One per request, in their order. */
  answers: Answer[];
}
