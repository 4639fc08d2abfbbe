import { z } from 'zod';
import { id, instant, line, money, pageInput, pageOf } from '../fields.ts';
import { LISTINGS } from '../read-db.ts';
import { findSeatLayout, findSeatStates } from '../shows/seats.ts';
import { showOutput } from '../shows/show-output.ts';
import { findShow } from '../shows/shows.ts';
import { openProcedure } from '../trpc.ts';
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

const statesOutput = z.object({
  showId: z.string(),
  layoutVersion: z.int(),
  /** Grows with every change of what the show has to sell. */
  version: z.int(),
  /** One character per seat in layout order: `a`vailable, `h`eld, `b`ooked, `x` kept back by the organiser. */
  states: z.string(),
  sections: z.array(z.object({ sectionId: z.string(), available: z.int() })),
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
    .output(statesOutput)
    .query(({ ctx, input }) => findSeatStates(ctx.db, ctx.plans, input.showId)),
};
