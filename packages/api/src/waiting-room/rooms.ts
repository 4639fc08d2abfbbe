import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import type { Logger } from '../context.ts';
import type { RoomMode } from './room-modes.ts';
import type { Operation, RoomRules } from './room-rules.ts';
import { createSharedRooms } from './shared-room.ts';
import { askOwn, createShowRoom, note, type ShowRoom, type Told } from './show-room.ts';

export interface RoomsSettings {
  log: Logger;
  /** Null: each process keeps its rooms for itself. */
  redis?: Redis | null;
  /** How many may be active at once where the organiser says nothing. */
  threshold?: number;
  /** How many are admitted to a show within a second, at most. */
  rate?: number;
  /** Milliseconds of the time of day. */
  now?: () => number;
}

/** The rooms of all shows, wherever they are kept. */
export interface Rooms {
  ask(showId: string, mode: RoomMode, operation: Operation): Promise<Told>;
  /** Hears what happened; never fails, and keeps nobody waiting. */
  tell(showId: string, operation: Operation): void;
  /** Resolves when other processes know of the purchases that were told. */
  settle(showId: string): Promise<void>;
  /** Whether this person is let in, as far as that is known without asking anybody; if so, that is noted. */
  letsIn(showId: string, mode: RoomMode, userId: string): boolean;
  /** Whether nobody is let in without an admission, as it was a moment ago. */
  isKnownOn(showId: string, mode: RoomMode): boolean;
  /** Whether the admission was given here, while Redis was away. */
  gaveAdmission(showId: string, userId: string, until: number): boolean;
  countWaiting(): number;
  close(): Promise<void>;
}

/** Shows that somebody books within the time that people wait; of others, tokens keep the places. */
const MAX_SHOWS = 2000;
/** What Redis said of a room counts for this long. */
const HEARD_MS = 500;
/** With less than this part of those who may be active at once, it need not have said anything. */
const FAR_BELOW = 4;

const isHeard = ({ heardAt }: ShowRoom) => performance.now() - heardAt < HEARD_MS;

/** Whether nobody needs to ask Redis before this person is let in. */
function isClear(room: ShowRoom, maxActive: number, userId: string): boolean {
  if (isHeard(room) ? room.isOn : room.hasBeenOn) return false;
  const active = room.own.active.size + room.activeElsewhere;
  if (active * FAR_BELOW < maxActive) return true;
  return isHeard(room) && (active < maxActive || room.own.active.score(userId) !== undefined);
}

export function createRooms(settings: RoomsSettings): Rooms {
  const { log, redis, threshold = 500, rate = 50, now = Date.now } = settings;
  const rooms = new LRUCache<string, ShowRoom>({ max: MAX_SHOWS });
  const shared = redis ? createSharedRooms({ redis, log }) : null;
  const isShared = () => shared?.isThere() === true;

  const rulesOf = ({ mode, maxActive }: RoomMode): RoomRules => ({ mode, maxActive: maxActive ?? threshold, rate });
  function roomOf(showId: string): ShowRoom {
    const known = rooms.get(showId);
    if (known) return known;
    const room = createShowRoom(showId, now());
    rooms.set(showId, room);
    return room;
  }
  function tellRoom(room: ShowRoom, operation: Operation): void {
    note(room, operation, now());
    shared?.tell(room, operation);
  }

  return {
    async ask(showId, mode, operation) {
      const room = roomOf(showId);
      const rules = rulesOf(mode);
      return (await shared?.ask(room, rules, operation)) ?? askOwn(room, rules, operation, now());
    },
    tell(showId, operation) {
      // Whoever holds places of a show may pay for them at another process.
      const room = rooms.get(showId) ?? (shared ? roomOf(showId) : undefined);
      if (room) tellRoom(room, operation);
    },
    settle: async (showId) => shared?.settle(showId),
    letsIn(showId, mode, userId) {
      if (mode.mode !== 'auto') return mode.mode === 'off';
      const room = roomOf(showId);
      const rules = rulesOf(mode);
      if (!isShared()) {
        return askOwn(room, rules, { kind: 'try', userId, value: 0 }, now()).answer.state === 'open';
      }
      if (!isClear(room, rules.maxActive, userId)) return false;
      tellRoom(room, { kind: 'tried', userId, value: 0 });
      return true;
    },
    isKnownOn(showId, { mode }) {
      const room = roomOf(showId);
      return mode === 'on' || (isShared() && isHeard(room) && room.isOn);
    },
    gaveAdmission(showId, userId, until) {
      const { own, keeper } = roomOf(showId);
      const lasts = until > now() && (own.active.score(userId) ?? 0) > now();
      return keeper === 'redis' && lasts && own.admitted.get(userId) === until;
    },
    countWaiting: () => [...rooms.values()].reduce((sum, { waiting }) => sum + waiting, 0),
    close: async () => shared?.close(),
  };
}
