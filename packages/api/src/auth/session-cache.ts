import type { Changes } from '../changes.ts';
import type { Actor } from '../context.ts';

/** What the database says of a session. */
export interface FoundSession {
  actor: Actor;
  expiresAt: Date;
}

export interface SessionCacheStats {
  /** Answered from memory. */
  hits: number;
  /** Looked up, or waited with somebody who did. */
  misses: number;
}

/** Sessions that were looked up a moment ago, by the SHA-256 of their tokens: nobody signs in with what lies in memory. */
export interface SessionCache {
  /** Costs less than a microsecond. Undefined: it has to be looked up. */
  find(id: string): Actor | undefined;
  /** Looks it up, at most once at a time, and keeps it when it is a user's. */
  lookUp(id: string, load: () => Promise<FoundSession | null>): Promise<Actor | null>;
  readonly stats: Readonly<SessionCacheStats>;
  /** Sessions in memory. */
  size(): number;
}

interface Entry {
  actor: Actor;
  /** By the clock of the cache. */
  until: number;
}

/** For how long a session that ended may still be taken for valid where nobody was told of its end. */
const LIFE_MS = 5000;
/** Some 25 MB. More users than this within five seconds are more than one process serves. */
const MAX_SESSIONS = 50_000;

/**
 * Only sessions of users are kept: staff and admins are looked up each time. Nothing is kept of tokens that nobody has,
 * so that forged ones fill no memory.
 *
 * @param settings.clock milliseconds that never go back
 */
export function createSessionCache(settings: {
  changes: Pick<Changes, 'listen'>;
  maxSessions?: number;
  clock?: () => number;
}): SessionCache {
  const { changes, maxSessions = MAX_SESSIONS, clock = () => performance.now() } = settings;
  // Two generations: the older one is dropped as a whole when the newer one is full or has had its time. A map from
  // which the oldest is taken one by one grows slow.
  let newer = new Map<string, Entry>();
  let older = new Map<string, Entry>();
  let newerSince = clock();
  const underWay = new Map<string, Promise<Actor | null>>();
  const stats: SessionCacheStats = { hits: 0, misses: 0 };

  function keep(id: string, { actor, expiresAt }: FoundSession, askedAt: number): void {
    const now = clock();
    // It was true when the database was asked, so the time counts from there.
    const until = Math.min(askedAt + LIFE_MS, now + expiresAt.getTime() - Date.now());
    if (now >= until) return;
    if (newer.size >= maxSessions / 2 || now - newerSince >= LIFE_MS) {
      older = newer;
      newer = new Map();
      newerSince = now;
    }
    newer.set(id, { actor: Object.freeze(actor), until });
  }

  changes.listen((change) => {
    // A look-up under way may have read what was true before the change: it is neither kept nor shared any more.
    if (change.kind === 'session') {
      newer.delete(change.id);
      older.delete(change.id);
      underWay.delete(change.id);
    } else if (change.kind === 'user') {
      // Rare enough to look through all.
      for (const generation of [newer, older]) {
        for (const [id, { actor }] of generation) if (actor.userId === change.userId) generation.delete(id);
      }
      underWay.clear();
    } else if (change.kind === 'all') {
      newer.clear();
      older.clear();
      underWay.clear();
    }
  });

  return {
    find(id) {
      const entry = newer.get(id) ?? older.get(id);
      if (entry === undefined || clock() >= entry.until) return undefined;
      stats.hits += 1;
      return entry.actor;
    },
    lookUp(id, load) {
      stats.misses += 1;
      const shared = underWay.get(id);
      if (shared) return shared;
      const askedAt = clock();
      const answer = load().then(
        (found) => {
          if (underWay.get(id) !== answer) return found?.actor ?? null;
          underWay.delete(id);
          if (found?.actor.role === 'user') keep(id, found, askedAt);
          return found?.actor ?? null;
        },
        (error: unknown) => {
          if (underWay.get(id) === answer) underWay.delete(id);
          throw error;
        },
      );
      underWay.set(id, answer);
      return answer;
    },
    stats,
    size: () => newer.size + older.size,
  };
}
