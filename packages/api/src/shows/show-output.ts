import { z } from 'zod';
import { money } from '../fields.ts';
import { rulesOutput } from '../policies/rule-fields.ts';

/** One performance of an event, with what is left of each section. */
export const showOutput = z.object({
  id: z.string(),
  eventId: z.string(),
  venue: z.object({ id: z.string(), name: z.string(), city: z.string(), timeZone: z.string() }),
  startsAt: z.date(),
  endsAt: z.date(),
  /** Null while the event is a draft and no time was set: sales open when it is published. */
  salesOpenAt: z.date().nullable(),
  salesCloseAt: z.date(),
  status: z.enum(['scheduled', 'cancelled']),
  maxPerBooking: z.int(),
  /** How long a hold lasts, in seconds. */
  holdSeconds: z.int(),
  /** Nothing is charged here; the buyer pays at the door. */
  collectAtDoor: z.boolean(),
  waitingRoom: z.object({
    /** `auto`: on while as many as it takes are active. */
    mode: z.enum(['auto', 'on', 'off']),
    /** How many may be active at once; null: as many as the server is set for. */
    maxActive: z.int().nullable(),
  }),
  /** What goes back when a booking is cancelled; null: everything until the show begins. */
  cancellationPolicy: z.object({ id: z.string(), name: z.string(), rules: rulesOutput }).nullable(),
  version: z.int(),
  sections: z.array(
    z.object({
      sectionId: z.string(),
      name: z.string(),
      kind: z.enum(['seated', 'standing']),
      price: money,
      capacity: z.int(),
      available: z.int(),
    }),
  ),
});
