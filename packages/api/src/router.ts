import { authRouter } from './auth/router.ts';
import { adminBookingsRouter } from './bookings/admin-router.ts';
import { bookingsRouter } from './bookings/router.ts';
import type { Context } from './context.ts';
import { adminEventsRouter } from './events/admin-router.ts';
import { eventsRouter } from './events/router.ts';
import { policiesRouter } from './policies/router.ts';
import { showsRouter } from './shows/router.ts';
import { createCallerFactory, createRouter } from './trpc.ts';
import { usersRouter } from './users/router.ts';
import { venuesRouter } from './venues/router.ts';
import { waitingRoomRouter } from './waiting-room/router.ts';
import { adminWaitlistRouter } from './waitlist/admin-router.ts';
import { waitlistRouter } from './waitlist/router.ts';

/** Every procedure there is. Plain records, so that the public contract can be typed without the context. */
export const routes = {
  auth: authRouter,
  events: eventsRouter,
  bookings: bookingsRouter,
  waitlist: waitlistRouter,
  waitingRoom: waitingRoomRouter,
  admin: {
    venues: venuesRouter,
    events: adminEventsRouter,
    shows: showsRouter,
    bookings: adminBookingsRouter,
    waitlist: adminWaitlistRouter,
    policies: policiesRouter,
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
