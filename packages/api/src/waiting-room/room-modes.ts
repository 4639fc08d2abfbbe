import type { Db } from '@evently/db/client';
import type { WaitingRoomMode } from '@evently/db/schema';
import { LRUCache } from 'lru-cache';
import type { Changes } from '../changes.ts';

/** What an organiser has set for a show. */
export interface RoomMode {
  mode: WaitingRoomMode;
  /** Null: as many as the settings say. */
  maxActive: number | null;
}

/** What is set for the waiting rooms of shows, remembered for less than a second: nobody asks the database in a rush. */
export interface RoomModes {
  /** What is known without asking; looks it up in the background when that is no longer new. Undefined: use `find`. */
  peek(showId: string): RoomMode | undefined;
  /** Null when there is no such show, or when nobody may see it yet. */
  find(showId: string): Promise<RoomMode | null>;
}

export interface RoomModesSettings {
  db: Db;
  changes: Pick<Changes, 'listen'>;
  /** Milliseconds on a clock that is never set back. */
  clock?: () => number;
}

interface Known {
  mode: RoomMode;
  readAt: number;
}

/** Others follow within a second also when they were not told, with what it takes to read. */
const LIFE_MS = 750;
const REFRESH_MS = 300;
/** Shows that somebody books within a second. */
const MAX_SHOWS = 2000;

/** Batches do not touch it, so only edits of an event or of its shows are listened to. */
export function createRoomModes({ db, changes, clock = () => performance.now() }: RoomModesSettings): RoomModes {
  const known = new LRUCache<string, Known>({ max: MAX_SHOWS });
  const reading = new Map<string, Promise<RoomMode | null>>();

  function read(showId: string): Promise<RoomMode | null> {
    const underWay = reading.get(showId);
    if (underWay) return underWay;
    const readAt = clock();
    const work = findMode(db, showId)
      .then((mode) => {
        // What was forgotten meanwhile may have been read before it changed.
        if (mode && reading.get(showId) === work) known.set(showId, { mode, readAt });
        return mode;
      })
      .finally(() => {
        if (reading.get(showId) === work) reading.delete(showId);
      });
    reading.set(showId, work);
    return work;
  }

  function peek(showId: string): RoomMode | undefined {
    const found = known.get(showId);
    if (!found) return undefined;
    const age = clock() - found.readAt;
    if (age >= LIFE_MS) return undefined;
    // Whoever needs it when it is too old learns what is wrong with the database.
    if (age >= REFRESH_MS && !reading.has(showId)) read(showId).catch(() => undefined);
    return found.mode;
  }

  changes.listen((change) => {
    if (change.kind !== 'event' && change.kind !== 'all') return;
    known.clear();
    reading.clear();
  });
  return { peek, find: async (showId) => peek(showId) ?? (await read(showId)) };
}

async function findMode(db: Db, showId: string): Promise<RoomMode | null> {
  const row = await db
    .selectFrom('shows')
    .innerJoin('events', 'events.id', 'shows.event_id')
    .select(['waiting_room_mode as mode', 'waiting_room_max_active as maxActive'])
    .where('shows.id', '=', showId)
    .where('events.status', '!=', 'draft')
    .executeTakeFirst();
  return row ?? null;
}
