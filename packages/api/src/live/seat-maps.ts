import type { Db } from '@evently/db/client';
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import type { ShowPlans } from '../box-office/plans.ts';
import type { Changes } from '../changes.ts';
import { notFound } from '../problem.ts';
import { findSeatStates, listSeatIds, type SeatStates } from '../shows/seats.ts';
import { together } from '../together.ts';
import { listVersions } from './list-versions.ts';
import { createLiveShow, type LiveShow, type SeatSource } from './live-show.ts';
import type { Watcher } from './watch-events.ts';

/**
 * The seat maps of this process: one per show that is watched or was read lately. They follow what is committed here and
 * told of from elsewhere, step by step; what does not connect is read again. Postgres stays the truth: nothing is kept
 * unconfirmed for longer than a moment, so that a map is never more than that behind, whatever was lost on the way.
 */
export interface SeatMaps {
  /**
   * Who sits where, as of now: with all that was committed by this process, and by others until less than half a second ago.
   *
   * @throws `not_found`, also for shows of drafts
   */
  read(showId: string): Promise<SeatStates>;
  /**
   * Finds a show to watch. Whoever joins is handed the seat map at once, and from then on what changes; whoever names the
   * version that they were told last, what they missed since, or the map anew.
   *
   * @returns how to join, to be used at once; and that answers how to leave
   * @throws `not_found`, also for shows of drafts
   */
  watch(showId: string, lastVersion: number | null): Promise<(watcher: Watcher) => () => void>;
  /** How many shows are followed for those who watch them. */
  countWatched(): number;
  /** Stops following. */
  close(): void;
}

export interface SeatMapsSettings {
  db: Db;
  plans: ShowPlans;
  changes: Pick<Changes, 'listen'>;
  clock?: () => number;
}

/** How often those that are watched are compared with the database; also for how long one is behind when news are lost. */
const COMPARE_EVERY_MS = 1000;
/** Who lost the connection comes back within this time, and is sent what they missed. */
const LINGER_MS = 30_000;
/** Maps that nobody watches, at a byte or two a seat. */
const MAX_KEPT = 500;
const MAX_KEPT_SEATS = 10_000_000;
/** Large halls take milliseconds to read; the rest of the pool stays with those who buy. */
const READS_AT_ONCE = 4;
/** Versions in one statement. */
const MAX_COMPARED = 500;

export function createSeatMaps({ db, plans, changes, clock = () => performance.now() }: SeatMapsSettings): SeatMaps {
  const kept = new LRUCache<string, LiveShow>({
    max: MAX_KEPT,
    maxSize: MAX_KEPT_SEATS,
    sizeCalculation: ({ facts }) => facts.seatIds.length + 1,
  });
  const watched = new Map<string, LiveShow>();
  const source = createSource(db, plans, clock);
  let comparing: NodeJS.Timeout | null = null;

  const known = (showId: string) => watched.get(showId) ?? kept.get(showId);

  async function find(showId: string): Promise<LiveShow> {
    const before = known(showId);
    if (before) return before;
    const plan = await plans.find(showId);
    if (!plan) throw notFound();
    const meanwhile = known(showId);
    if (meanwhile) return meanwhile;
    const { layoutVersion } = plan.layout;
    const show = createLiveShow({ showId, layoutVersion, seatIds: listSeatIds(plan) }, source);
    // Already while it is read, so that what is committed meanwhile is heard.
    kept.set(showId, show);
    return show;
  }

  const stopListening = changes.listen((change) => {
    if (change.kind === 'all') {
      for (const show of new Set([...kept.values(), ...watched.values()])) show.doubt();
    } else if (change.kind === 'show') {
      const show = watched.get(change.showId) ?? kept.peek(change.showId);
      if (change.deltas) show?.hear(change.deltas);
      else show?.doubt();
    }
  });

  function compare(): void {
    for (const [showId, show] of watched) {
      if (show.isUnwatchedSince(clock() - LINGER_MS)) {
        show.stopTelling();
        watched.delete(showId);
        kept.set(showId, show);
      } else show.compare();
    }
    if (watched.size === 0) stopComparing();
  }

  function stopComparing(): void {
    if (comparing) clearInterval(comparing);
    comparing = null;
  }

  return {
    read: async (showId) => await (await find(showId)).read(),
    async watch(showId, lastVersion) {
      const found = await find(showId);
      await found.prepare(lastVersion);
      return (watcher) => {
        // It may have been found anew by somebody who came between.
        const show = watched.get(showId) ?? found;
        watched.set(showId, show);
        comparing ??= setInterval(compare, COMPARE_EVERY_MS).unref();
        return show.join(watcher, lastVersion);
      };
    },
    countWatched: () => watched.size,
    close() {
      stopListening();
      stopComparing();
      for (const show of watched.values()) show.stopTelling();
      watched.clear();
    },
  };
}

function createSource(db: Db, plans: ShowPlans, clock: () => number): SeatSource {
  const inTurn = pLimit(READS_AT_ONCE);
  return {
    read: (showId) => inTurn(() => findSeatStates(db, plans, showId)),
    // All that are compared at the same moment take one statement.
    findVersion: together((showIds: readonly string[]) => listVersions(db, showIds), MAX_COMPARED),
    clock,
  };
}
