import { setImmediate as nextTurn } from 'node:timers/promises';
import { beginTelling, catchUp, type ShowFacts, type Told, tellNext } from './audience.ts';
import type { Follower, SeatMap } from './follow.ts';
import type { WatchEvent, Watcher } from './watch-events.ts';

/** All who watch one show. What happens to it costs once, but for handing it to each of them. */
export interface Crowd {
  /** Hands the watcher what they miss, and from then on every event. Answers how to leave. */
  join(watcher: Watcher, lastVersion: number | null): () => void;
  /** The map may have changed: what there is to tell will be told soon. */
  consider(): void;
  /** Whether the last one left before this time, by the monotonic clock. */
  isGoneSince(time: number): boolean;
  /** Hands nobody anything any more. */
  close(): void;
}

/** What comes within this time is told at once: a rush has a hundred batches a second, and nobody sees so fast. */
const PAUSE_MS = 50;
/** Who watches waits no longer than this for the next event, however long it takes to tell everybody. */
const MAX_PAUSE_MS = 500;
/** Each takes some microseconds; then whoever buys has a turn. */
const TOLD_PER_TURN = 500;

/** @param follower whose map has been read */
export function createCrowd(follower: Follower, facts: ShowFacts, clock: () => number): Crowd {
  const watchers = new Set<Watcher>();
  const told: Told = beginTelling(follower, mapOf(follower));
  let next: NodeJS.Timeout | null = null;
  let isTelling = false;
  let nextAt = clock();
  let emptySince = clock();

  function consider(): void {
    const isTold = told.map.version === follower.map?.version && follower.touched.size === 0;
    if (next || isTelling || isTold) return;
    next = setTimeout(
      () => {
        next = null;
        const event = tellNext(told, follower, mapOf(follower), facts);
        if (event) void tell(event);
      },
      Math.max(0, nextAt - clock()),
    ).unref();
  }

  async function tell(event: WatchEvent): Promise<void> {
    isTelling = true;
    const began = clock();
    let count = 0;
    // Who comes meanwhile has this event already.
    for (const watcher of [...watchers]) {
      if (watchers.has(watcher)) watcher.take(event);
      count += 1;
      if (count % TOLD_PER_TURN === 0) await nextTurn();
    }
    isTelling = false;
    // Two thirds of the time at most go to those who watch.
    nextAt = clock() + Math.min(MAX_PAUSE_MS, Math.max(PAUSE_MS, (clock() - began) / 2));
    consider();
  }

  return {
    join(watcher, lastVersion) {
      for (const event of catchUp(told, mapOf(follower), lastVersion, facts)) watcher.take(event);
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
        if (watchers.size === 0) emptySince = clock();
      };
    },
    consider,
    isGoneSince: (time) => watchers.size === 0 && emptySince < time,
    close() {
      if (next) clearTimeout(next);
      watchers.clear();
    },
  };
}

function mapOf({ map }: Follower): SeatMap {
  if (!map) throw new Error('a seat map is told before it was read');
  return map;
}
