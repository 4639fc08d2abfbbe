import { LRUCache } from 'lru-cache';
import type { Changes } from '../changes.ts';
import type { ReadDb } from '../read-db.ts';
import { findShow, type Show } from '../shows/shows.ts';

/** What shows ask for their places, and how many one person may have, from a memory of a second. */
export interface ShowTerms {
  /** What is left of its sections is not kept up to date. @throws `not_found`, also for shows of drafts */
  find(showId: string): Promise<Show>;
}

/** Others follow within a second; what is edited here is known at once. */
const LIFE_MS = 1000;
/** Shows on sale at once in one process, at a few kilobytes each. */
const MAX_SHOWS = 500;

/** Batches do not touch a show's terms, so only edits of an event or of its shows are listened to. */
export function createShowTerms({ readDb, changes }: { readDb: ReadDb; changes: Pick<Changes, 'listen'> }): ShowTerms {
  const kept = new LRUCache<string, Show>({
    max: MAX_SHOWS,
    ttl: LIFE_MS,
    // What was edited while it was read is handed to those who asked before, and not kept.
    ignoreFetchAbort: true,
    fetchMethod: (showId) => readDb.read(showId, (db) => findShow(db, showId, 'public')),
  });
  changes.listen((change) => {
    if (change.kind === 'all' || change.kind === 'event') kept.clear();
  });
  return { find: (showId) => kept.forceFetch(showId) };
}
