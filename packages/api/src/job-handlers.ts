import type { Handlers } from '@evently/jobs/worker';
import type { Services } from './context.ts';
import { listDueListings, refreshListings } from './events/refresh-listings.ts';

/** What each job does, a line each. */
export function createJobHandlers({ db, sessions, now }: Services): Handlers {
  return {
    'refresh-listings': ({ eventIds }) => refreshListings(db, eventIds, now()),
    'refresh-due-listings': async () => refreshListings(db, await listDueListings(db, now()), now()),
    'delete-expired-sessions': () => sessions.deleteExpired(),
  };
}
