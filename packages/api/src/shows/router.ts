import { z } from 'zod';
import { amount, currency, id, idempotencyKey, instant } from '../fields.ts';
import { adminProcedure } from '../trpc.ts';
import { blockSeats, unblockSeats } from './block-seats.ts';
import { createShow } from './create-show.ts';
import { setCapacity } from './set-capacity.ts';
import { showOutput } from './show-output.ts';
import { updateShow } from './update-show.ts';

const maxPerBooking = z.int().min(1).max(100);
const holdSeconds = z.int().min(1).max(86_400);
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
};
