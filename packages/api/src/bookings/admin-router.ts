import { z } from 'zod';
import { id, line, pageInput, pageOf } from '../fields.ts';
import { adminProcedure } from '../trpc.ts';
import { bookingOutput } from './booking.ts';
import { cancelForUser } from './cancel-booking.ts';
import { findBooking, listBookings } from './find-bookings.ts';
import { listHistory } from './history.ts';

export const adminBookingsRouter = {
  /** Bookings that fit, newest first. `q`: a reference code, or part of the e-mail address or name of whose it is. */
  list: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/bookings', summary: 'List bookings' } })
    .input(
      z.strictObject({
        eventId: id.optional(),
        showId: id.optional(),
        userId: id.optional(),
        status: bookingOutput.shape.status.optional(),
        q: z.string().trim().max(200).optional(),
        ...pageInput,
      }),
    )
    .output(pageOf(bookingOutput))
    .query(({ ctx, input }) => listBookings(ctx.db, input, ctx.now())),

  /** Anybody's booking. */
  get: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/bookings/{bookingId}', summary: 'Read a booking' } })
    .input(z.strictObject({ bookingId: id }))
    .output(bookingOutput)
    .query(({ ctx, input }) => findBooking(ctx.db, input.bookingId, null)),

  /**
   * Cancels a confirmed booking, at any time, with the refund that the rules say, all of it, or none. Problems:
   * `invalid_state`.
   */
  cancel: adminProcedure
    .meta({
      openapi: { method: 'POST', path: '/admin/bookings/{bookingId}/cancel', summary: 'Cancel a booking' },
      idempotent: true,
    })
    .input(z.strictObject({ bookingId: id, reason: line(500), refund: z.enum(['policy', 'full', 'none']) }))
    .output(bookingOutput)
    .mutation(({ ctx, input }) => cancelForUser(ctx, input)),

  /** Everything that happened to a booking; each row carries the hash of the one before. */
  history: adminProcedure
    .meta({
      openapi: { method: 'GET', path: '/admin/bookings/{bookingId}/history', summary: 'Read the history of a booking' },
    })
    .input(z.strictObject({ bookingId: id }))
    .output(
      z.object({
        items: z.array(
          z.object({
            seq: z.int(),
            type: z.string(),
            /** `user:<id>`, `admin:<id>` or `system`. */
            actor: z.string(),
            at: z.date(),
            /** Ids and amounts. */
            data: z.record(z.string(), z.unknown()),
            previousHash: z.string(),
            hash: z.string(),
          }),
        ),
      }),
    )
    .query(async ({ ctx, input }) => ({ items: await listHistory(ctx.db, input.bookingId) })),
};
