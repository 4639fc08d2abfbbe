import { z } from 'zod';
import { bookingOutput } from '../bookings/booking.ts';
import { id, idempotencyKey, pageInput, pageOf, payment } from '../fields.ts';
import { userProcedure } from '../trpc.ts';
import { acceptOffer } from './accept-offer.ts';
import { entryOutput } from './entry.ts';
import { findEntry, listEntries } from './find-entries.ts';
import { joinWaitlist } from './join-waitlist.ts';
import { leaveWaitlist } from './leave-waitlist.ts';

export const waitlistRouter = {
  /**
   * Waits for places of a show, in one section or any. Problems: `invalid_state` (enough is on sale), `already_waiting`,
   * `limit_exceeded`, `not_on_sale`, `idempotency_mismatch`.
   */
  join: userProcedure
    .meta({ openapi: { method: 'POST', path: '/waitlist', summary: 'Join a waitlist', status: 201 }, limit: 'booking' })
    .input(
      z.strictObject({
        showId: id,
        /** A party sits in one section. */
        quantity: z.int().min(1).max(100),
        /** Absent: any section will do. */
        sectionId: id.optional(),
        idempotencyKey,
      }),
    )
    .output(entryOutput)
    .mutation(({ ctx, input }) => joinWaitlist(ctx, input)),

  /** One's own entries, newest first. */
  list: userProcedure
    .meta({ openapi: { method: 'GET', path: '/waitlist', summary: 'List my waitlist entries' } })
    .input(z.strictObject({ showId: id.optional(), ...pageInput }))
    .output(pageOf(entryOutput))
    .query(({ ctx, input }) => listEntries(ctx.db, { ...input, userId: ctx.actor.userId })),

  /** One of one's own entries. */
  get: userProcedure
    .meta({ openapi: { method: 'GET', path: '/waitlist/{entryId}', summary: 'Read a waitlist entry' } })
    .input(z.strictObject({ entryId: id }))
    .output(entryOutput)
    .query(({ ctx, input }) => findEntry(ctx.db, input.entryId, ctx.actor.userId)),

  /**
   * Books what was offered, charging where something is due; what is accepted already is answered as it is. Problems:
   * `invalid_state` (nothing is offered), `hold_expired`, `payment_declined` (it stays offered), `unavailable`.
   */
  accept: userProcedure
    .meta({
      openapi: { method: 'POST', path: '/waitlist/{entryId}/accept', summary: 'Accept an offer' },
      limit: 'booking',
      idempotent: true,
    })
    .input(z.strictObject({ entryId: id, payment: payment.optional() }))
    .output(bookingOutput)
    .mutation(({ ctx, input }) => acceptOffer(ctx, input)),

  /** Gives an offer back; those behind are next. Problems: `invalid_state` (nothing is offered), `hold_expired`. */
  decline: userProcedure
    .meta({
      openapi: { method: 'POST', path: '/waitlist/{entryId}/decline', summary: 'Decline an offer' },
      idempotent: true,
    })
    .input(z.strictObject({ entryId: id }))
    .output(entryOutput)
    .mutation(({ ctx, input }) => leaveWaitlist(ctx, 'decline', input.entryId)),

  /** Gives up one's place, with the offer if there is one. Problems: `invalid_state` (it was booked). */
  leave: userProcedure
    .meta({
      openapi: { method: 'DELETE', path: '/waitlist/{entryId}', summary: 'Leave a waitlist' },
      idempotent: true,
    })
    .input(z.strictObject({ entryId: id }))
    .output(entryOutput)
    .mutation(({ ctx, input }) => leaveWaitlist(ctx, 'leave', input.entryId)),
};
