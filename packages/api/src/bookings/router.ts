import { z } from 'zod';
import { id, idempotencyKey, pageInput, pageOf, text } from '../fields.ts';
import { userProcedure } from '../trpc.ts';
import { bookingOutput } from './booking.ts';
import { claimPlaces } from './claim-places.ts';
import { findBooking, listBookings } from './find-bookings.ts';
import { settleBooking } from './settle-booking.ts';

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

const claimInput = z
  .strictObject({
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
    specialRequests: text(500).optional(),
    /** JSON of the caller's own, up to 2 KiB. */
    metadata: metadata.optional(),
  })
  .refine((claim) => claim.seatIds !== undefined || claim.sections !== undefined, {
    path: ['seatIds'],
    message: 'name seatIds, sections or both',
  });

export const bookingsRouter = {
  /**
   * Holds places, all or none, until `expiresAt`. Problems: `seat_taken` names the seats, `sold_out`, `not_on_sale`,
   * `limit_exceeded`, `idempotency_mismatch`.
   */
  hold: userProcedure
    .meta({ openapi: { method: 'POST', path: '/bookings/hold', summary: 'Hold places', status: 201 } })
    .input(claimInput)
    .output(bookingOutput)
    .mutation(({ ctx, input }) => claimPlaces(ctx, 'hold', input)),

  /**
   * Books places in one call where nothing is to be paid here: free ones, and shows that collect at the door. Problems: as
   * `hold`, and `payment_declined`.
   */
  book: userProcedure
    .meta({ openapi: { method: 'POST', path: '/bookings', summary: 'Book places', status: 201 } })
    .input(claimInput)
    .output(bookingOutput)
    .mutation(({ ctx, input }) => claimPlaces(ctx, 'book', input)),

  /** Makes a hold a sale; a confirmed booking is answered as it is. Problems: `hold_expired`, `invalid_state`, `payment_declined`. */
  confirm: userProcedure
    .meta({
      openapi: { method: 'POST', path: '/bookings/{bookingId}/confirm', summary: 'Confirm a hold' },
      idempotent: true,
    })
    .input(z.strictObject({ bookingId: id }))
    .output(bookingOutput)
    .mutation(({ ctx, input }) => settleBooking(ctx, 'confirm', input.bookingId)),

  /** Gives the places of a hold back; a released booking is answered as it is. Problems: `hold_expired`, `invalid_state`. */
  release: userProcedure
    .meta({
      openapi: { method: 'POST', path: '/bookings/{bookingId}/release', summary: 'Release a hold' },
      idempotent: true,
    })
    .input(z.strictObject({ bookingId: id }))
    .output(bookingOutput)
    .mutation(({ ctx, input }) => settleBooking(ctx, 'release', input.bookingId)),

  /** One of one's own bookings. */
  get: userProcedure
    .meta({ openapi: { method: 'GET', path: '/bookings/{bookingId}', summary: 'Read a booking' } })
    .input(z.strictObject({ bookingId: id }))
    .output(bookingOutput)
    .query(({ ctx, input }) => findBooking(ctx.db, ctx.actor.userId, input.bookingId)),

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
    .query(({ ctx, input }) => listBookings(ctx.db, ctx.actor.userId, input, ctx.now())),
};
