import { z } from 'zod';
import { id, idempotencyKey, line, pageInput, pageOf, text } from '../fields.ts';
import { cancelEvent } from '../mass-cancellation/cancel-event.ts';
import { findEventProgress } from '../mass-cancellation/find-progress.ts';
import { progressOutput } from '../mass-cancellation/progress-output.ts';
import { adminProcedure } from '../trpc.ts';
import { deleteEvent, publishEvent, updateEvent } from './change-event.ts';
import { createEvent } from './create-event.ts';
import { findEvent, listAllEvents } from './events.ts';
import { eventOutput } from './router.ts';

const described = {
  name: line(200),
  description: text(20_000),
  /** Such as `concert`, `theatre`, `talk`; lower case. */
  category: line(60).toLowerCase(),
  tags: z.array(line(40)).max(20),
  imageUrl: z.url({ protocol: /^https?$/ }).max(2000),
};

export const adminEventsRouter = {
  /** A draft; give it shows, then publish it. */
  create: adminProcedure
    .meta({ openapi: { method: 'POST', path: '/admin/events', summary: 'Create an event', status: 201 } })
    .input(
      z.strictObject({
        ...described,
        tags: described.tags.optional(),
        imageUrl: described.imageUrl.optional(),
        idempotencyKey: idempotencyKey.optional(),
      }),
    )
    .output(eventOutput)
    .mutation(({ ctx, input }) => createEvent(ctx, input)),

  /** All events, drafts among them, newest first. */
  list: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/events', summary: 'List the events' } })
    .input(
      z.strictObject({
        q: z.string().trim().max(200).optional(),
        status: z.enum(['draft', 'published', 'cancelled']).optional(),
        ...pageInput,
      }),
    )
    .output(pageOf(eventOutput.omit({ shows: true })))
    .query(({ ctx, input }) => listAllEvents(ctx.db, input)),

  /** One event, whatever its status, with its shows. */
  get: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/events/{eventId}', summary: 'Read an event' } })
    .input(z.strictObject({ eventId: id }))
    .output(eventOutput)
    .query(({ ctx, input }) => findEvent(ctx.db, input.eventId, 'admin')),

  /** Changes an event. Problems: `version_conflict`, `invalid_state`. */
  update: adminProcedure
    .meta({ openapi: { method: 'PATCH', path: '/admin/events/{eventId}', summary: 'Change an event' } })
    .input(
      z.strictObject({
        eventId: id,
        version: z.int().min(1),
        ...z.object({ ...described, imageUrl: described.imageUrl.nullable() }).partial().shape,
      }),
    )
    .output(eventOutput)
    .mutation(({ ctx, input }) => updateEvent(ctx, input)),

  /** Puts a draft before the public. Problems: `invalid_state`. */
  publish: adminProcedure
    .meta({
      openapi: { method: 'POST', path: '/admin/events/{eventId}/publish', summary: 'Publish an event' },
      idempotent: true,
    })
    .input(z.strictObject({ eventId: id }))
    .output(eventOutput)
    .mutation(({ ctx, input }) => publishEvent(ctx, input.eventId)),

  /**
   * Cancels an event with all its shows: sales stop at once, and a job cancels every booking and returns the money in full.
   * `cancellation` tells how far it has come. Problems: `invalid_state` (a draft, which is deleted instead).
   */
  cancel: adminProcedure
    .meta({
      openapi: { method: 'POST', path: '/admin/events/{eventId}/cancel', summary: 'Cancel an event' },
      idempotent: true,
    })
    .input(z.strictObject({ eventId: id, reason: line(500) }))
    .output(eventOutput)
    .mutation(({ ctx, input }) => cancelEvent(ctx, input)),

  /** How far the cancellation of an event has come, over all its shows. Problems: `invalid_state` (it is not cancelled). */
  cancellation: adminProcedure
    .meta({
      openapi: {
        method: 'GET',
        path: '/admin/events/{eventId}/cancellation',
        summary: 'Read how far the cancellation of an event has come',
      },
    })
    .input(z.strictObject({ eventId: id }))
    .output(progressOutput)
    .query(({ ctx, input }) => findEventProgress(ctx.db, input.eventId)),

  /** Deletes a draft with its shows. Problems: `invalid_state`. */
  delete: adminProcedure
    .meta({ openapi: { method: 'DELETE', path: '/admin/events/{eventId}', summary: 'Delete a draft' } })
    .input(z.strictObject({ eventId: id }))
    .output(z.object({ eventId: z.string() }))
    .mutation(async ({ ctx, input }) => {
      await deleteEvent(ctx, input.eventId);
      return { eventId: input.eventId };
    }),
};
