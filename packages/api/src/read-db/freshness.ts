/**
 * What a replica is known to have, and what of it changed since. Instants are those of `performance.now()`, in
 * milliseconds. Pure.
 */
export interface Freshness {
  /** The replica has everything that was committed before this instant. */
  caughtUp(instant: number): void;
  /** These things changed, or were heard to have changed, not after this instant. */
  changed(things: readonly string[], instant: number): void;
  /** So may have anything else. */
  changedAnything(instant: number): void;
  /** Whether the replica has all that is known of a thing, and all else until `maxAgeMs` ago. */
  has(thing: string, maxAgeMs: number, now: number): boolean;
  /** For how long the replica may have missed something. */
  ageMs(now: number): number;
}

/** Changes that a replica has yet to catch up with; beyond these, everything counts as changed. */
const MOST_CHANGES = 10_000;

export function createFreshness(): Freshness {
  let has = Number.NEGATIVE_INFINITY;
  let anything = Number.NEGATIVE_INFINITY;
  /** In order of their instants. */
  const changes = new Map<string, number>();

  const ageMs = (now: number) => now - has;
  const changedAnything = (instant: number) => {
    anything = instant;
    changes.clear();
  };
  return {
    caughtUp(instant) {
      has = Math.max(has, instant);
      for (const [thing, changedAt] of changes) {
        if (changedAt >= has) break;
        changes.delete(thing);
      }
    },
    changed(things, instant) {
      for (const thing of things) {
        changes.delete(thing);
        changes.set(thing, instant);
      }
      if (changes.size > MOST_CHANGES) changedAnything(instant);
    },
    changedAnything,
    has: (thing, maxAgeMs, now) =>
      ageMs(now) <= maxAgeMs && anything < has && (changes.get(thing) ?? Number.NEGATIVE_INFINITY) < has,
    ageMs,
  };
}
