import { z } from 'zod';
import { id, pageInput, pageOf } from '../fields.ts';
import { adminProcedure } from '../trpc.ts';
import { entryOutput } from './entry.ts';
import { listShowEntries } from './find-entries.ts';

export const adminWaitlistRouter = {
  /** Who waits for a show, in the order in which they joined; what each was offered, and who was passed over, with the reasons. */
  list: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/waitlist', summary: 'List the waitlist of a show' } })
    .input(z.strictObject({ showId: id, status: entryOutput.shape.status.optional(), ...pageInput }))
    .output(
      pageOf(
        entryOutput.extend({
          userId: z.string(),
          events: z.array(
            z.object({
              seq: z.int(),
              /** `joined`, `offered`, `passed`, `saving`, `saved_in_vain`, and how it ended. */
              type: z.string(),
              at: z.date(),
              /** Ids and numbers; `reason` where the order of the line is at stake. */
              data: z.record(z.string(), z.unknown()),
            }),
          ),
        }),
      ),
    )
    .query(({ ctx, input }) => listShowEntries(ctx.db, input)),
};
