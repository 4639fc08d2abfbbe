import type { BookingStatus, PaymentStatus, TicketStatus } from '@evently/db/schema';
import { z } from 'zod';
import { money } from '../fields.ts';

/** Money that went back for a booking so far, and what was kept. */
const refundOutput = z.object({
  /** Everything returned for this booking so far, integer minor units. */
  amount: z.int(),
  /** Everything kept. */
  fee: z.int(),
  currency: z.string(),
  /** `pending` while any refund is on its way, `failed` when one could not be made. */
  status: z.enum(['pending', 'succeeded', 'failed']),
});

/** A booking as its owner sees it. A hold is a booking in status `held`. */
export const bookingOutput = z.object({
  id: z.string(),
  /** What people read out on the phone. */
  reference: z.string(),
  eventId: z.string(),
  showId: z.string(),
  userId: z.string(),
  status: z.enum(['held', 'paying', 'confirmed', 'released', 'expired', 'cancelled']),
  /** Tickets that live. */
  quantity: z.int(),
  /** The price of the tickets that live, plus what was kept of the others. */
  total: money,
  /** When the hold ends; null when it is no hold. */
  expiresAt: z.date().nullable(),
  createdAt: z.date(),
  confirmedAt: z.date().nullable(),
  cancelledAt: z.date().nullable(),
  /** Grows with every change. */
  version: z.int(),
  specialRequests: z.string().nullable(),
  /** Why the organiser cancelled it. */
  cancellationReason: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
  tickets: z.array(
    z.object({
      id: z.string(),
      sectionId: z.string(),
      /** Null for a place in a standing section. */
      seatId: z.string().nullable(),
      /** As in `Stalls, row F, seat 12`. */
      label: z.string(),
      price: money,
      status: z.enum(['held', 'valid', 'used', 'void']),
    }),
  ),
  /** Absent as long as nothing was returned or kept. */
  refund: refundOutput.optional(),
});
export type Booking = z.infer<typeof bookingOutput>;

/** What the database says of a booking, with the names that its tickets are labelled with. */
export interface BookingFacts {
  id: string;
  eventId: string;
  showId: string;
  userId: string;
  status: BookingStatus;
  quantity: number;
  total: number;
  retained: number;
  currency: string;
  expiresAt: Date | null;
  createdAt: Date;
  confirmedAt: Date | null;
  cancelledAt: Date | null;
  reference: string;
  specialRequests: string | null;
  cancellationReason: string | null;
  metadata: Record<string, unknown> | null;
  version: number;
}

export interface TicketFacts {
  id: string;
  sectionId: string;
  seatId: string | null;
  price: number;
  status: TicketStatus;
}

/** Where a ticket's place is, for people. */
export interface PlaceName {
  section: string;
  row: string | null;
  number: string | null;
}

export function labelOf(place: PlaceName): string {
  return place.row === null ? place.section : `${place.section}, row ${place.row}, seat ${place.number}`;
}

/** A refund of a booking, as far as its owner cares. */
export interface RefundFacts {
  amount: number;
  status: PaymentStatus;
}

/** @param refunds every refund of the booking, whatever became of it */
export function toBooking(
  facts: BookingFacts,
  tickets: readonly (TicketFacts & { label: string })[],
  refunds: readonly RefundFacts[],
): Booking {
  const { total, retained, currency, ...rest } = facts;
  const amount = refunds.reduce((sum, refund) => sum + refund.amount, 0);
  return {
    ...rest,
    total: { amount: total + retained, currency },
    tickets: tickets.map(({ price, ...ticket }) => ({ ...ticket, price: { amount: price, currency } })),
    ...(refunds.length === 0 && retained === 0
      ? {}
      : { refund: { amount, fee: retained, currency, status: statusOf(refunds) } }),
  };
}

function statusOf(refunds: readonly RefundFacts[]): 'pending' | 'succeeded' | 'failed' {
  if (refunds.some((refund) => refund.status === 'requested')) return 'pending';
  return refunds.some((refund) => refund.status === 'failed') ? 'failed' : 'succeeded';
}

// Crockford's alphabet: no I, L, O or U, which people mishear or misread.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const REFERENCE_LENGTH = 10;

/**
 * The reference code of a booking, from the random bits of its id: 50 of them, ten characters, as in `7KQ2M-9XPWD`.
 * No two bookings of a hall share one, and among a hundred million some pair does with a probability that a look-up
 * by reference, which answers a list, can live with.
 */
export function referenceOf(bookingId: string): string {
  let bits = BigInt(`0x${bookingId.slice(21, 23)}${bookingId.slice(24)}`) & ((1n << 50n) - 1n);
  let code = '';
  for (let i = 0; i < REFERENCE_LENGTH; i += 1) {
    code = ALPHABET[Number(bits & 31n)] + code;
    bits >>= 5n;
  }
  return `${code.slice(0, 5)}-${code.slice(5)}`;
}
