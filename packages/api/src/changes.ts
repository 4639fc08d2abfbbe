import type { Logger } from './context.ts';
import type { SeatDelta } from './live/seat-delta.ts';

/** Something that caches may have to forget. Told once it is committed, never before. */
export type Change =
  /** What a show has to sell, or what it says of itself. */
  | {
      kind: 'show';
      showId: string;
      eventId: string;
      /** What became of its seats; absent when whoever follows them must look. */
      deltas?: SeatDelta[] | undefined;
    }
  | { kind: 'event'; eventId: string }
  /** What lists and searches of events answer. */
  | { kind: 'listings' }
  /** A session ended; `id` is the SHA-256 of its token. */
  | { kind: 'session'; id: string }
  /** All sessions of a user ended. */
  | { kind: 'user'; userId: string }
  /** Anything: what was told may have been missed, so whoever caches drops everything. */
  | { kind: 'all' };

/** Whether this process made a change, or another one told it of it. */
export type Origin = 'here' | 'elsewhere';

export type ChangeListener = (change: Change, origin: Origin) => void;

/** Tells of changes to whoever keeps copies. Nothing depends on it for being right, only for being fresh soon. */
export interface Changes {
  /** Reaches the listeners of this process before it returns, and those of others soon. Never throws. */
  tell(change: Change, origin?: Origin): void;
  /** Answers how to stop listening. Listeners are quick; what one of them throws is logged. */
  listen(listener: ChangeListener): () => void;
}

/** The change feed of one process; `shareChanges` connects it with those of others. */
export function createChanges(log: Pick<Logger, 'error'>): Changes {
  const listeners = new Set<ChangeListener>();
  return {
    tell(change, origin = 'here') {
      for (const listener of listeners) {
        try {
          listener(change, origin);
        } catch (error) {
          // Whoever tells has committed already: their call has succeeded, whatever becomes of caches.
          log.error({ err: error, kind: change.kind }, 'a listener did not take a change in');
        }
      }
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
