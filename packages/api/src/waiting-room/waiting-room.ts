import type { Db } from '@evently/db/client';
import type { Changes } from '../changes.ts';
import { type Metrics, noMetrics } from '../metrics.ts';
import { type Problem, ProblemError } from '../problem.ts';
import { createFindRepeated } from './find-repeated.ts';
import { createRoomModes } from './room-modes.ts';
import type { Operation } from './room-rules.ts';
import { createRoomTokens, type RoomTokens } from './room-tokens.ts';
import { createRooms, type RoomsSettings } from './rooms.ts';
import type { Told } from './show-room.ts';
import { type CommittedBookings, visitsOf } from './visits-of.ts';

/** Somebody who wants to hold or book, and may have an admission. */
export interface Visit {
  showId: string;
  userId: string;
  idempotencyKey: string;
  admissionToken: string | undefined;
}

/**
 * Lets no more people buy at once than a show's organiser, or the settings, allow, and has the others wait in order. It
 * decides nothing about places: whatever it forgets, nothing is sold twice.
 */
export interface WaitingRoom {
  readonly tokens: RoomTokens;
  /** Whether this person may hold and book without an admission, as far as that is known without asking anybody. */
  isOpen(showId: string, userId: string): boolean;
  /**
   * For those to whom it is not open. They come in one by one each, so that an admission ends before it is used again; the
   * same request that was served before gets its answer.
   *
   * @throws ProblemError `admission_required`
   * @throws whatever the work throws
   */
  enter<T>(visit: Visit, work: () => Promise<T>): Promise<T>;
  /** Asks the room of a show. Null: there is no such show. */
  ask(showId: string, operation: Operation): Promise<Told | null>;
  /** Hears of a batch of bookings that is committed. */
  tellCommit(showId: string, made: CommittedBookings): void;
  /** How many wait, as far as is known here. */
  countWaiting(): number;
  /** Tells other processes what they do not know yet. */
  close(): Promise<void>;
}

export interface WaitingRoomSettings extends RoomsSettings {
  db: Db;
  changes: Pick<Changes, 'listen'>;
  metrics?: Pick<Metrics, 'waitingRoom'>;
  /** What tokens are signed with; processes that share shows share it. */
  secret: string;
}

export function createWaitingRoom(settings: WaitingRoomSettings): WaitingRoom {
  const { db, changes, metrics = noMetrics, secret, now = Date.now } = settings;
  const modes = createRoomModes({ db, changes });
  const rooms = createRooms(settings);
  const tokens = createRoomTokens(secret);
  const isRepeated = createFindRepeated(db);
  const inTurn = createTurns();

  function isOpen(showId: string, userId: string): boolean {
    const mode = modes.peek(showId);
    return mode !== undefined && rooms.letsIn(showId, mode, userId);
  }

  /** Why this person has to wait; null when they need not. */
  async function refuse({ showId, userId, admissionToken, idempotencyKey }: Visit): Promise<Problem | null> {
    const mode = await modes.find(showId);
    // What does not exist, the box office refuses in its own words.
    if (!mode || rooms.letsIn(showId, mode, userId)) return null;
    const until = admissionToken ? await tokens.readAdmission({ userId, showId }, admissionToken, now()) : 0;
    if (until > 0 || !rooms.isKnownOn(showId, mode)) {
      const { answer } = await rooms.ask(showId, mode, { kind: 'try', userId, value: until });
      if (answer.state !== 'refused' || rooms.gaveAdmission(showId, userId, until)) return null;
    }
    if (await isRepeated({ showId, userId, idempotencyKey })) return null;
    metrics.waitingRoom('refused');
    return { code: 'admission_required', showId };
  }

  return {
    tokens,
    isOpen,
    enter: (visit, work) =>
      inTurn(`${visit.showId} ${visit.userId}`, async () => {
        const refusal = await refuse(visit);
        if (refusal) throw new ProblemError(refusal);
        const result = await work();
        // By the time that anybody knows of a purchase, the admission is spent everywhere.
        await rooms.settle(visit.showId);
        return result;
      }),
    async ask(showId, operation) {
      const mode = await modes.find(showId);
      if (!mode) return null;
      const told = await rooms.ask(showId, mode, operation);
      metrics.waitingRoom(told.answer.state);
      return told;
    },
    tellCommit(showId, made) {
      if (modes.peek(showId)?.mode === 'off') return;
      for (const operation of visitsOf(made)) rooms.tell(showId, operation);
    },
    countWaiting: rooms.countWaiting,
    close: rooms.close,
  };
}

/** Does the work of each name in the order in which it comes, one after the other. */
function createTurns(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (name, work) => {
    const before = last.get(name)?.catch(() => undefined);
    const turn = before ? before.then(work) : work();
    last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (last.get(name) === turn) last.delete(name);
    }
  };
}
