import { z } from 'zod';
import { amount, currency, id, idempotencyKey, instant, line } from '../fields.ts';
import { cancelShow } from '../mass-cancellation/cancel-show.ts';
import { findShowProgress } from '../mass-cancellation/find-progress.ts';
import { progressOutput } from '../mass-cancellation/progress-output.ts';
import { adminProcedure } from '../trpc.ts';
import { setRoomMode } from '../waiting-room/set-room-mode.ts';
import { blockSeats, unblockSeats } from './block-seats.ts';
import { createShow } from './create-show.ts';
import { setCapacity } from './set-capacity.ts';
import { showOutput } from './show-output.ts';
import { updateShow } from './update-show.ts';

const maxPerBooking = z.int().min(1).max(100);
const holdSeconds = z.int().min(1).max(86_400);
const maxActive = z.int().min(1).max(1_000_000);
const capacity = z.int().min(0).max(1_000_000);

/** Times that contradict each other; each is named where it stands. */
function checkTimes(
  show: {
    startsAt?: string | undefined;
    endsAt?: string | undefined;
    salesOpenAt?: string | null | undefined;
    salesCloseAt?: string | null | undefined;
  },
  check: z.RefinementCtx,
): void {
  const at = (value: string | null | undefined) => (value == null ? Number.NaN : Date.parse(value));
  const refuse = (field: string, message: string) => check.addIssue({ code: 'custom', path: [field], message });
  if (at(show.endsAt) <= at(show.startsAt)) refuse('endsAt', 'must be after startsAt');
  if (at(show.salesCloseAt) > at(show.endsAt)) refuse('salesCloseAt', 'must not be after endsAt');
  if (at(show.salesOpenAt) >= at(show.salesCloseAt ?? show.startsAt))
    refuse('salesOpenAt', 'must be before sales close');
}

function checkSections(prices: readonly { sectionId: string }[], check: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [index, { sectionId }] of prices.entries()) {
    if (seen.has(sectionId)) check.addIssue({ code: 'custom', path: [index, 'sectionId'], message: 'is named twice' });
    seen.add(sectionId);
  }
}

const seatSelection = z.strictObject({ showId: id, seatIds: z.array(id).min(1).max(2000) });

export const showsRouter = {
  /** A show of an event at a venue; it sells the sections that are priced. Problems: `invalid_state`. */
  create: adminProcedure
    .meta({ openapi: { method: 'POST', path: '/admin/shows', summary: 'Create a show', status: 201 } })
    .input(
      z
        .strictObject({
          eventId: id,
          venueId: id,
          startsAt: instant,
          endsAt: instant,
          /** Absent: when the event is published. */
          salesOpenAt: instant.optional(),
          /** Absent: when the show starts. */
          salesCloseAt: instant.optional(),
          currency,
          prices: z
            .array(z.strictObject({ sectionId: id, amount, capacity: capacity.optional() }))
            .min(1)
            .max(200)
            .superRefine(checkSections),
          maxPerBooking: maxPerBooking.optional(),
          /** How long a hold lasts, in seconds. */
          holdSeconds: holdSeconds.optional(),
          /** Nothing is charged here; buyers pay at the door. */
          collectAtDoor: z.boolean().optional(),
          /** The show keeps its rules as they are now. Absent: everything goes back until the show begins. */
          cancellationPolicyId: id.optional(),
          idempotencyKey: idempotencyKey.optional(),
        })
        .superRefine(checkTimes),
    )
    .output(showOutput)
    .mutation(({ ctx, input }) => createShow(ctx, input)),

  /** Changes a show; prices hold for what is booked from now on. Problems: `version_conflict`, `invalid_state`. */
  update: adminProcedure
    .meta({ openapi: { method: 'PATCH', path: '/admin/shows/{showId}', summary: 'Change a show' } })
    .input(
      z
        .strictObject({
          showId: id,
          version: z.int().min(1),
          startsAt: instant.optional(),
          endsAt: instant.optional(),
          /** Null: when the event is published. */
          salesOpenAt: instant.nullable().optional(),
          /** Null: when the show starts. */
          salesCloseAt: instant.nullable().optional(),
          maxPerBooking: maxPerBooking.optional(),
          holdSeconds: holdSeconds.optional(),
          /**
           * The show takes over the rules as they are now. For bookings made before, they count only where they return
           * more. Null: everything goes back until the show begins.
           */
          cancellationPolicyId: id.nullable().optional(),
          prices: z
            .array(z.strictObject({ sectionId: id, amount }))
            .min(1)
            .max(200)
            .superRefine(checkSections)
            .optional(),
        })
        .superRefine(checkTimes),
    )
    .output(showOutput)
    .mutation(({ ctx, input }) => updateShow(ctx, input)),

  /** Lets a section sell more or fewer places. Problems: `capacity_below_sold`. */
  setCapacity: adminProcedure
    .meta({
      openapi: { method: 'POST', path: '/admin/shows/{showId}/capacity', summary: 'Set the capacity of a section' },
      idempotent: true,
    })
    .input(z.strictObject({ showId: id, sectionId: id, capacity }))
    .output(showOutput)
    .mutation(({ ctx, input }) => setCapacity(ctx, input)),

  /** Says whether buyers queue in a waiting room: `on`, `off`, or `auto`, from `maxActive` active buyers on. */
  waitingRoom: adminProcedure
    .meta({
      openapi: { method: 'PUT', path: '/admin/shows/{showId}/waiting-room', summary: 'Set the waiting room' },
      idempotent: true,
    })
    .input(
      z.strictObject({
        showId: id,
        mode: z.enum(['auto', 'on', 'off']),
        /** How many may be active at once; absent: as many as the server is set for. */
        maxActive: maxActive.optional(),
      }),
    )
    .output(showOutput)
    .mutation(({ ctx, input }) => setRoomMode(ctx, input)),

  /** Keeps seats back from sale. Problems: `seat_taken` names those that somebody has. */
  blockSeats: adminProcedure
    .meta({
      openapi: { method: 'POST', path: '/admin/shows/{showId}/block', summary: 'Keep seats back' },
      idempotent: true,
    })
    .input(seatSelection)
    .output(showOutput)
    .mutation(({ ctx, input }) => blockSeats(ctx, input)),

  /** Puts seats that were kept back on sale again. */
  unblockSeats: adminProcedure
    .meta({
      openapi: { method: 'POST', path: '/admin/shows/{showId}/unblock', summary: 'Put seats back on sale' },
      idempotent: true,
    })
    .input(seatSelection)
    .output(showOutput)
    .mutation(({ ctx, input }) => unblockSeats(ctx, input)),

  /**
   * Cancels a show: sales stop at once, and a job cancels every booking and returns the money in full. `cancellation` tells how
   * far it has come.
   */
  cancel: adminProcedure
    .meta({
      openapi: { method: 'POST', path: '/admin/shows/{showId}/cancel', summary: 'Cancel a show' },
      idempotent: true,
    })
    .input(z.strictObject({ showId: id, reason: line(500) }))
    .output(showOutput)
    .mutation(({ ctx, input }) => cancelShow(ctx, input)),

  /** How far the cancellation of a show has come. Problems: `invalid_state` (it is not cancelled). */
  cancellation: adminProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/admin/shows/{showId}/cancellation',
        summary: 'Read how far the cancellation of a show has come',
      },
    })
    .input(z.strictObject({ showId: id }))
    .output(progressOutput)
    .query(({ ctx, input }) => findShowProgress(ctx.db, input.showId)),
};
