import { LRUCache } from 'lru-cache';
import type { Changes } from '../changes.ts';

/**
 * Whose tokens were when they were last looked up, by their SHA-256. It says on whom a call is counted, and what need not be
 * looked up once more; who may come in is looked up each time.
 */
export interface TokenOwners {
  /** The user's id; null: nobody's, which a token stays, as no two are alike; undefined: not looked up here lately. */
  find(id: string): string | null | undefined;
  keep(id: string, userId: string | null): void;
}

/** As long as the windows of limits: whoever calls on within one is known until its end. */
const LIFE_MS = 900_000;
/** Some 15 MB. Who is forgotten is looked up like a stranger. */
const MAX_OWNED = 50_000;
/** Apart, so that a flood of forged tokens makes nobody forgotten; some 2 MB. */
const MAX_NOBODYS = 10_000;

export function createTokenOwners(changes: Pick<Changes, 'listen'>): TokenOwners {
  const owners = new LRUCache<string, string>({ max: MAX_OWNED, ttl: LIFE_MS });
  const nobodys = new LRUCache<string, true>({ max: MAX_NOBODYS, ttl: LIFE_MS });

  changes.listen((change) => {
    if (change.kind === 'session') owners.delete(change.id);
    else if (change.kind === 'user' || change.kind === 'all') owners.clear();
  });

  return {
    find: (id) => owners.get(id) ?? (nobodys.has(id) ? null : undefined),
    keep(id, userId) {
      if (userId !== null) {
        owners.set(id, userId);
        return;
      }
      owners.delete(id);
      nobodys.set(id, true);
    },
  };
}
