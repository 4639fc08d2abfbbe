import { authRouter } from './auth/router.ts';
import { adminBookingsRouter } from './bookings/admin-router.ts';
import { bookingsRouter } from './bookings/router.ts';
import type { Context } from './context.ts';
import { adminEventsRouter } from './events/admin-router.ts';
import { eventsRouter } from './events/router.ts';
import { showsRouter } from './shows/router.ts';
import { createCallerFactory, createRouter } from './trpc.ts';
import { usersRouter } from './users/router.ts';
import { venuesRouter } from './venues/router.ts';

/** Every procedure there is. Plain records, so that the public contract can be typed without the context. */
export const routes = {
  auth: authRouter,
  events: eventsRouter,
  bookings: bookingsRouter,
  admin: {
    venues: venuesRouter,
    events: adminEventsRouter,
    shows: showsRouter,
    bookings: adminBookingsRouter,
    users: usersRouter,
  },
};

export const appRouter = createRouter(routes);
export type AppRouter = typeof appRouter;

const callerFactory = createCallerFactory(appRouter);

/** Calls procedures within this process: the same checks, the same answers, no network. */
export function createCaller(context: Context) {
  return callerFactory(context);
}
