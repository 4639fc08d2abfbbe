import { z } from 'zod';
import { id, idempotencyKey, money, pageInput, pageOf, payment, text } from '../fields.ts';
import { userProcedure } from '../trpc.ts';
import { roomToken } from '../waiting-room/room-token.ts';
import { bookingOutput } from './booking.ts';
import { cancelBooking } from './cancel-booking.ts';
import { bookPlaces, holdPlaces } from './claim-places.ts';
import { confirmBooking } from './confirm-booking.ts';
import { findBooking, listBookings } from './find-bookings.ts';
import { findCancellationQuote } from './quote-cancellation.ts';
import { settleHold } from './settle-hold.ts';

const MAX_METADATA_BYTES = 2048;

const metadata = z
  .record(z.string().min(1).max(100), z.json())
  .refine(
    (value) => Buffer.byteLength(JSON.stringify(value)) <= MAX_METADATA_BYTES,
    `must not take more than ${MAX_METADATA_BYTES} bytes as JSON`,
  );

function refuseRepeated(field: string) {
  return (ids: readonly string[], check: z.RefinementCtx) => {
    const seen = new Set<string>();
    for (const [index, value] of ids.entries()) {
      if (seen.has(value))
        check.addIssue({ code: 'custom', path: field ? [index, field] : [index], message: 'is named twice' });
      seen.add(value);
    }
  };
}

const claimFields = {
  showId: id,
  /** Seats by name. */
  seatIds: z.array(id).min(1).max(100).superRefine(refuseRepeated('')).optional(),
  /** Places by section; on a seated section, the best seats there are. */
  sections: z
    .array(z.strictObject({ sectionId: id, quantity: z.int().min(1).max(10_000) }))
    .min(1)
    .max(100)
    .superRefine((sections, check) =>
      refuseRepeated('sectionId')(
        sections.map((s) => s.sectionId),
        check,
      ),
    )
    .optional(),
  idempotencyKey,
  /** From the waiting room, where the show has one. */
  admissionToken: roomToken.optional(),
  /** For people to read. */
  specialRequests: text(500).optional(),
  /** JSON of the caller's own, up to 2 KiB. */
  metadata: metadata.optional(),
};

const namesPlaces = (claim: { seatIds?: unknown; sections?: unknown }) =>
  claim.seatIds !== undefined || claim.sections !== undefined;
const NAMES_NONE = { path: ['seatIds'], message: 'name seatIds, sections or both' };

const ticketIds = z.array(id).min(1).max(100).superRefine(refuseRepeated(''));

export const bookingsRouter = {
  /**
   * Holds places, all or none, until `expiresAt`. Problems: `seat_taken` names the seats, `sold_out`, `not_on_sale`,
   * `limit_exceeded`, `idempotency_mismatch`, `admission_required` (join the waiting room).
   */
  hold: userProcedure
    .meta({
      openapi: { method: 'POST', path: '/bookings/hold', summary: 'Hold places', status: 201 },
      limit: 'booking',
    })
    .input(z.strictObject(claimFields).refine(namesPlaces, NAMES_NONE))
    .output(bookingOutput)
    .mutation(({ ctx, input }) => holdPlaces(ctx, input)),

  /**
   * Books places in one call: claims them, charges where something is due, and confirms. A payment that is declined or
   * cannot be tried gives the places back. Problems: as `hold`, and `payment_declined`, `unavailable`.
   */
  book: userProcedure
    .meta({ openapi: { method: 'POST', path: '/bookings', summary: 'Book places', status: 201 }, limit: 'booking' })
    .input(z.strictObject({ ...claimFields, payment: payment.optional() }).refine(namesPlaces, NAMES_NONE))
    .output(bookingOutput)
    .mutation(({ ctx, input }) => bookPlaces(ctx, input)),

  /**
   * Makes a hold a sale, charging where something is due; a confirmed booking is answered as it is. Problems:
   * `hold_expired`, `invalid_state`, `payment_declined` (it stays a hold), `unavailable`.
   */
  confirm: userProcedure
    .meta({
      openapi: { method: 'POST', path: '/bookings/{bookingId}/confirm', summary: 'Confirm a hold' },
      limit: 'booking',
      idempotent: true,
    })
    .input(z.strictObject({ bookingId: id, payment: payment.optional() }))
    .output(bookingOutput)
    .mutation(({ ctx, input }) => confirmBooking(ctx, input)),

  /** Prolongs a hold once, to at most twice its length after it was made. Problems: `hold_expired`, `invalid_state`. */
  extend: userProcedure
    .meta({
      openapi: { method: 'POST', path: '/bookings/{bookingId}/extend', summary: 'Prolong a hold' },
      idempotent: true,
    })
    .input(z.strictObject({ bookingId: id }))
    .output(bookingOutput)
    .mutation(({ ctx, input }) => settleHold(ctx, 'extend', input.bookingId)),

  /** Gives the places of a hold back; a released booking is answered as it is. Problems: `hold_expired`, `invalid_state`. */
  release: userProcedure
    .meta({
      openapi: { method: 'POST', path: '/bookings/{bookingId}/release', summary: 'Release a hold' },
      idempotent: true,
    })
    .input(z.strictObject({ bookingId: id }))
    .output(bookingOutput)
    .mutation(({ ctx, input }) => settleHold(ctx, 'release', input.bookingId)),

  /** One of one's own bookings. */
  get: userProcedure
    .meta({ openapi: { method: 'GET', path: '/bookings/{bookingId}', summary: 'Read a booking' } })
    .input(z.strictObject({ bookingId: id }))
    .output(bookingOutput)
    .query(({ ctx, input }) => findBooking(ctx.db, input.bookingId, ctx.actor.userId)),

  /** One's own bookings, newest first. */
  list: userProcedure
    .meta({ openapi: { method: 'GET', path: '/bookings', summary: 'List my bookings' } })
    .input(
      z.strictObject({
        status: bookingOutput.shape.status.optional(),
        /** Only shows that have not begun. */
        upcoming: z.boolean().optional(),
        ...pageInput,
      }),
    )
    .output(pageOf(bookingOutput))
    .query(({ ctx, input }) => listBookings(ctx.db, { ...input, userId: ctx.actor.userId }, ctx.now())),

  /** What cancelling the booking, or some of its tickets, would return now. Problems: `invalid_state`. */
  cancellationQuote: userProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/bookings/{bookingId}/cancellation',
        summary: 'Ask what a cancellation returns',
      },
    })
    .input(z.strictObject({ bookingId: id, ticketIds: ticketIds.optional() }))
    .output(
      z.object({
        refund: money,
        /** What is kept. */
        fee: money,
        rule: z.string(),
        /** A sentence for people. */
        explanation: z.string(),
      }),
    )
    .query(({ ctx, input }) => findCancellationQuote(ctx, input)),

  /**
   * Cancels a confirmed booking, or some of its tickets, and returns the money; what is cancelled already is answered as
   * it is. Problems: `invalid_state` (a hold is released instead; a show that began).
   */
  cancel: userProcedure
    .meta({
      openapi: { method: 'POST', path: '/bookings/{bookingId}/cancel', summary: 'Cancel a booking' },
      idempotent: true,
    })
    .input(z.strictObject({ bookingId: id, ticketIds: ticketIds.optional() }))
    .output(bookingOutput)
    .mutation(({ ctx, input }) => cancelBooking(ctx, input)),
};
