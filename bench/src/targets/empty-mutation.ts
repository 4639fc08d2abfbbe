/**
 * Loaded before the server's own main file, this gives its router one more procedure, `bookings.nothing`: a mutation for
 * those who signed in that does nothing. The router is made of the records that are changed here, so everything that
 * surrounds a procedure surrounds this one. The contract does not know it.
 */
import { bookingsRouter } from '@evently/api/bookings/router';
import { userProcedure } from '@evently/api/trpc';
import { z } from 'zod';

const nothing = userProcedure
  .meta({ openapi: { method: 'POST', path: '/bookings/nothing', summary: 'Do nothing' } })
  .input(z.strictObject({}))
  .output(z.object({}))
  .mutation(() => ({}));

Object.assign(bookingsRouter, { nothing });
