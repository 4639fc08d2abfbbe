/** What a box office can be asked for. Pure types. */

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

/** Ends the show: from this commit on, nothing of it is sold. What was sold is closed booking by booking. */
export interface CancelShowRequest {
  kind: 'cancel-show';
  reason: string;
  /** The admin. */
  userId: string;
}

/** Ends a booking of a cancelled show: a hold is released, a sale returned in full; a charge under way is waited for. */
export interface CloseRequest {
  kind: 'close';
  bookingId: string;
  refundId: string;
}

/** Keeps seats back from sale, or stops doing so. */
export interface BlockRequest {
  kind: 'block' | 'unblock';
  seatIds: readonly string[];
}

/** Takes a place in the waitlist, which is for those who find nothing on sale. */
export interface JoinRequest {
  kind: 'join';
  userId: string;
  /** Made in advance, as the ids of claims. */
  entryId: string;
  /** Null: any section will do. */
  sectionId: string | null;
  quantity: number;
  idempotencyKey: string;
  requestHash: string;
}

/** `decline` gives an offer back; `leave` gives up one's place, with the offer if there is one. */
export interface LeaveRequest {
  kind: 'decline' | 'leave';
  userId: string;
  entryId: string;
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
  | CloseRequest
  | JoinRequest
  | LeaveRequest
  | SweepRequest;
