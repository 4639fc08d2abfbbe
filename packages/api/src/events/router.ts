import { z } from 'zod';
import { suggestSeats } from '../best-seats/suggest-seats.ts';
import { seatSuggestion, suggestionWish } from '../best-seats/suggestion-fields.ts';
import { id, instant, line, money, pageInput, pageOf } from '../fields.ts';
import { seatStatesOutput, watchOutput } from '../live/watch-events.ts';
import { watchSeats } from '../live/watch-seats.ts';
import { LISTINGS } from '../read-db.ts';
import { findSeatLayout } from '../shows/seats.ts';
import { showOutput } from '../shows/show-output.ts';
import { findShow } from '../shows/shows.ts';
import { openProcedure, streamOf } from '../trpc.ts';
import { findEvent } from './events.ts';
import { listEvents } from './list-events.ts';

const listedEvent = z.object({
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  category: z.string(),
  imageUrl: z.string().nullable(),
  nextShowAt: z.date(),
  /** Of the next show. */
  city: z.string(),
  /** The lowest price of all shows to come. */
  fromPrice: money,
  soldOut: z.boolean(),
});

export const eventOutput = z.object({
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  description: z.string(),
  category: z.string(),
  tags: z.array(z.string()),
  imageUrl: z.string().nullable(),
  status: z.enum(['draft', 'published', 'cancelled']),
  /** Send it along with an edit. */
  version: z.int(),
  createdAt: z.date(),
  publishedAt: z.date().nullable(),
  /** In order of time. */
  shows: z.array(showOutput),
});

const layoutOutput = z.object({
  showId: z.string(),
  /** The same version is the same layout, for ever. */
  layoutVersion: z.int(),
  seatCount: z.int(),
  sections: z.array(
    z.object({
      sectionId: z.string(),
      name: z.string(),
      /** Empty in a standing section. */
      rows: z.array(
        z.object({
          row: z.string(),
          seats: z.array(z.object({ seatId: z.string(), number: z.string(), x: z.number(), y: z.number() })),
        }),
      ),
    }),
  ),
});

export const eventsRouter = {
  /**
   * Published events with a show still to come, soonest first. `q` finds words of name, tags, venue, city and description: whole
   * ones, the last as far as it is typed; and where nothing has them, their beginnings.
   */
  list: openProcedure
    .meta({ openapi: { method: 'GET', path: '/events', summary: 'Find events' }, publicRead: { about: 'listings' } })
    .input(
      z.strictObject({
        q: z.string().trim().max(200).optional(),
        category: line(60).toLowerCase().optional(),
        city: line(100).optional(),
        /** Events with a show at this instant or later. */
        from: instant.optional(),
        /** Events with a show before this instant. */
        to: instant.optional(),
        availableOnly: z.boolean().optional(),
        ...pageInput,
      }),
    )
    .output(pageOf(listedEvent))
    .query(({ ctx, input }) => ctx.readDb.read(LISTINGS, (db) => listEvents(db, input, ctx.now()))),

  /** An event with its shows and what is left of them. */
  get: openProcedure
    .meta({
      openapi: { method: 'GET', path: '/events/{eventId}', summary: 'Read an event' },
      publicRead: { about: 'event' },
    })
    .input(z.strictObject({ eventId: id }))
    .output(eventOutput)
    .query(({ ctx, input }) => ctx.readDb.read(input.eventId, (db) => findEvent(db, input.eventId, 'public'))),

  /** A show with its sections, prices and what is left. */
  show: openProcedure
    .meta({
      openapi: { method: 'GET', path: '/shows/{showId}', summary: 'Read a show' },
      publicRead: { about: 'show' },
    })
    .input(z.strictObject({ showId: id }))
    .output(showOutput)
    .query(({ ctx, input }) => ctx.readDb.read(input.showId, (db) => findShow(db, input.showId, 'public'))),

  /** Where the seats are. Immutable per `layoutVersion`, so it may be cached for as long as one likes. */
  seatLayout: openProcedure
    .meta({
      openapi: { method: 'GET', path: '/shows/{showId}/layout', summary: 'Read the seat layout' },
      publicRead: { about: 'show', isImmutable: true },
    })
    .input(z.strictObject({ showId: id }))
    .output(layoutOutput)
    .query(({ ctx, input }) => ctx.readDb.read(input.showId, (db) => findSeatLayout(db, ctx.plans, input.showId))),

  /** Which seats are free, held, booked or kept back: one character each. */
  seatStates: openProcedure
    .meta({
      openapi: { method: 'GET', path: '/shows/{showId}/states', summary: 'Read the seat states' },
      publicRead: { about: 'show' },
    })
    .input(z.strictObject({ showId: id }))
    .output(seatStatesOutput)
    .query(({ ctx, input }) => ctx.seatMaps.read(input.showId)),

  /**
   * The seat map as it changes: all of it at first, then what is different. Whoever comes back names the last event that they
   * have, and is sent what they missed since.
   */
  watch: openProcedure
    .input(
      z.strictObject({
        showId: id,
        /** Of the last event. Filled in by clients that reconnect. */
        lastEventId: z
          .string()
          .regex(/^\d{1,15}$/, 'must be the id of an event')
          .optional(),
      }),
    )
    .output(streamOf(watchOutput))
    .subscription(({ ctx, input, signal }) => watchSeats(ctx.seatMaps, input, signal)),

  /**
   * The best seats for a party, at most five choices, best first: side by side, leaving no single seat behind, in front, in
   * the middle of the row; all in one section. Where no party of this size can sit side by side any more, it is torn as
   * little as possible (`adjacent: false`). None when it is sold out, or has places to stand only: these are booked by
   * section. Problems: `limit_exceeded` (more than one booking may have).
   */
  suggestSeats: openProcedure
    .meta({
      openapi: { method: 'GET', path: '/shows/{showId}/suggestions', summary: 'Suggest the best seats' },
      publicRead: { about: 'show' },
    })
    .input(suggestionWish)
    .output(z.object({ suggestions: z.array(seatSuggestion) }))
    .query(({ ctx, input }) => suggestSeats(ctx, input)),
};
