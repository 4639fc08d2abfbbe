import { z } from 'zod';
import { country, id, idempotencyKey, line, pageInput, pageOf, timeZone } from '../fields.ts';
import { adminProcedure } from '../trpc.ts';
import { createVenue } from './create-venue.ts';
import { sectionPlans } from './plan.ts';
import { updateVenue } from './update-venue.ts';
import { findVenue, listVenues } from './venues.ts';

const venueOutput = z.object({
  id: z.string(),
  name: z.string(),
  address: z.string().nullable(),
  city: z.string(),
  /** ISO 3166, two capitals. */
  country: z.string(),
  /** IANA. */
  timeZone: z.string(),
  /** Grows when the sections change. */
  layoutVersion: z.int(),
  /** Send it along with an edit. */
  version: z.int(),
  createdAt: z.date(),
  sections: z.array(
    z.object({ id: z.string(), name: z.string(), kind: z.enum(['seated', 'standing']), capacity: z.int() }),
  ),
});

const described = { name: line(200), address: line(300), city: line(100), country, timeZone };

/** A plan of a hundred thousand seats with their places fits. */
const PLAN_BYTES = 8 * 1024 * 1024;

export const venuesRouter = {
  /** A venue with its sections. `seats` of a row is a count, or each seat with its number and place. */
  create: adminProcedure
    .meta({
      openapi: { method: 'POST', path: '/admin/venues', summary: 'Create a venue', status: 201 },
      bodyLimit: PLAN_BYTES,
    })
    .input(
      z.strictObject({
        ...described,
        address: described.address.optional(),
        sections: sectionPlans,
        idempotencyKey: idempotencyKey.optional(),
      }),
    )
    .output(venueOutput)
    .mutation(({ ctx, input }) => createVenue(ctx, input)),

  /** The venues, newest first. */
  list: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/venues', summary: 'List the venues' } })
    .input(z.strictObject(pageInput))
    .output(pageOf(venueOutput))
    .query(({ ctx, input }) => listVenues(ctx.db, input)),

  /** One venue. */
  get: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/venues/{venueId}', summary: 'Read a venue' } })
    .input(z.strictObject({ venueId: id }))
    .output(venueOutput)
    .query(({ ctx, input }) => findVenue(ctx.db, input.venueId)),

  /** Changes a venue. New `sections` hold for shows created from now on. Problems: `version_conflict`. */
  update: adminProcedure
    .meta({
      openapi: { method: 'PATCH', path: '/admin/venues/{venueId}', summary: 'Change a venue' },
      bodyLimit: PLAN_BYTES,
    })
    .input(
      z.strictObject({
        venueId: id,
        version: z.int().min(1),
        ...z.object({ ...described, address: described.address.nullable() }).partial().shape,
        sections: sectionPlans.optional(),
      }),
    )
    .output(venueOutput)
    .mutation(({ ctx, input }) => updateVenue(ctx, input)),
};
