import type { SeatStates } from '../shows/seats.ts';
import { type ShowFacts, statesOf } from './audience.ts';
import { type Crowd, createCrowd } from './crowd.ts';
import { adopt, createFollower, hear, isConnected } from './follow.ts';
import type { SeatDelta } from './seat-delta.ts';
import type { Watcher } from './watch-events.ts';

/** Where a show's seats are asked for. */
export interface SeatSource {
  /** All of it. @throws `not_found` */
  read(showId: string): Promise<SeatStates>;
  /** The version alone, which is quick; null when the show is gone. */
  findVersion(showId: string): Promise<number | null>;
  /** Monotonic, in milliseconds. */
  clock(): number;
}

/** The seat map of one show in memory, and those who watch it. */
export interface LiveShow {
  readonly facts: ShowFacts;
  /** The map, as of now. @throws `not_found` */
  read(): Promise<SeatStates>;
  /** Makes sure that there is a map that others may join, and that it has heard of this version. @throws `not_found` */
  prepare(version: number | null): Promise<void>;
  /** Hands a watcher what they miss, and from then on every event; answers how to leave. To be prepared first. */
  join(watcher: Watcher, lastVersion: number | null): () => void;
  /** Takes in what was told of its seats. */
  hear(deltas: readonly SeatDelta[]): void;
  /** Something may have changed that was not told: nothing is kept before it is compared with the database. */
  doubt(): void;
  /** Compares what is watched with the database. Whatever is wrong with that, the next time tries again. */
  compare(): void;
  /** Whether nobody has watched since this time. */
  isUnwatchedSince(time: number): boolean;
  /** Keeps no more than the map. */
  stopTelling(): void;
}

/** What others commit must be seen within a second, also where nobody tells us of it; kept answers are half a second old. */
const CONFIRMED_MS = 400;
/** Batches of several processes reach us in any order, and soon after each other. What is missing after this is lost. */
const GAP_MS = 100;
/** A show that changes faster than it can be read. */
const MAX_TRIES = 3;

export function createLiveShow(facts: ShowFacts, source: SeatSource): LiveShow {
  const { showId } = facts;
  const follower = createFollower();
  const confirmed = { at: Number.NEGATIVE_INFINITY, doubts: 0 };
  let reading: Promise<void> | null = null;
  let crowd: Crowd | null = null;
  let gap: NodeJS.Timeout | null = null;
  let spelled: SeatStates | null = null;

  /** What follows was asked for now; who doubts in the meantime is not answered by it. */
  function startConfirming(): () => void {
    const at = source.clock();
    const { doubts } = confirmed;
    return () => {
      if (confirmed.doubts === doubts) confirmed.at = at;
    };
  }

  async function readNow(): Promise<void> {
    const before = follower.map?.version ?? null;
    const confirm = startConfirming();
    const { version, states, sections } = await source.read(showId);
    const available = new Map(sections.map((section) => [section.sectionId, section.available]));
    adopt(follower, { version, states: Buffer.from(states, 'latin1'), available }, before);
    spelled = null;
    confirm();
    crowd?.consider();
  }

  /** For all who want that at the moment. */
  function readAgain(): Promise<void> {
    reading ??= readNow().finally(() => {
      reading = null;
    });
    return reading;
  }

  /** Compares the version with the database's, and reads the map again only where it is another. */
  async function check(): Promise<void> {
    const before = follower.map?.version ?? null;
    if (before === null || !isConnected(follower)) return await readAgain();
    const confirm = startConfirming();
    const version = await source.findVersion(showId);
    const now = follower.map?.version ?? before;
    // What was told meanwhile leads from there to here.
    if (version !== null && version >= before && version <= now) confirm();
    else await readAgain();
  }

  const isFresh = () => isConnected(follower) && source.clock() - confirmed.at < CONFIRMED_MS;

  async function refresh(): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES && !isFresh(); tries += 1) await check();
  }

  const tryToCheck = () => void check().catch(() => undefined);

  return {
    facts,
    async read() {
      await refresh();
      spelled ??= statesOf(mapOf(follower.map), facts);
      return spelled;
    },
    async prepare(version) {
      // What others watch is not read for whoever joins them: all of them are told what changes.
      if (!crowd) await refresh();
      else if (version !== null && version > mapOf(follower.map).version) await readAgain();
    },
    join(watcher, lastVersion) {
      crowd ??= createCrowd(follower, facts, source.clock);
      return crowd.join(watcher, lastVersion);
    },
    hear(deltas) {
      hear(follower, deltas);
      spelled = null;
      crowd?.consider();
      if (!crowd || isConnected(follower)) return;
      gap ??= setTimeout(() => {
        gap = null;
        if (!isConnected(follower)) tryToCheck();
      }, GAP_MS).unref();
    },
    doubt() {
      confirmed.doubts += 1;
      confirmed.at = Number.NEGATIVE_INFINITY;
      if (crowd) tryToCheck();
    },
    compare: tryToCheck,
    isUnwatchedSince: (time) => crowd === null || crowd.isGoneSince(time),
    stopTelling() {
      if (gap) clearTimeout(gap);
      gap = null;
      crowd?.close();
      crowd = null;
    },
  };
}

function mapOf<T>(map: T | null): T {
  if (map === null) throw new Error('a seat map is asked for before it was read');
  return map;
}
