import { nextTick } from 'node:process';
import type { Random } from './random.ts';

/** Whose turn it is. What has died gets no more turns. */
export interface Owner {
  name: string;
  isDead: boolean;
}

/** What is no process of ours: buyers, the network, the provider. */
export const WORLD: Owner = { name: 'the world', isDead: false };

interface Turn {
  owner: Owner;
  what: () => string;
  /** From when on it may come, and until when it has to, in Unix milliseconds. */
  from: number;
  by: number;
  proceed: () => void;
}

/**
 * Time, and the order in which things happen. Whatever would take a while in the real world waits here for its turn, and
 * chance says who is next: all that is asynchronous becomes a sequence of steps, the same for the same seed.
 */
export interface Schedule {
  now: () => Date;
  /**
   * Waits for a turn; whatever else waits may come first.
   *
   * @param within how much time may pass before it at most, in milliseconds; time stands still for who is late
   * @param after how much time has to pass before it
   */
  turn: (owner: Owner, what: () => string, within?: number, after?: number) => Promise<void>;
  /** Lets somebody proceed. False when nobody waits. */
  step: () => Promise<boolean>;
  /** Lets time pass up to that instant, or until somebody who waits cannot wait any longer. */
  passTo: (instant: number) => void;
  /** Forgets who has died. */
  bury: () => void;
}

/** Resolves when all that can go on without a further turn has done so. No timer and no network come between. */
export const settled = (): Promise<void> => new Promise((resolve) => nextTick(resolve));

export function createSchedule(random: Random, from: Date, tell: (line: () => string) => void): Schedule {
  let now = from.getTime();
  let waiting: Turn[] = [];

  function choose(): Turn | undefined {
    const ready = waiting.filter(({ from }) => from <= now);
    const next = ready.find(({ by }) => by <= now) ?? ready[random.below(ready.length)];
    waiting = waiting.filter((turn) => turn !== next);
    return next;
  }

  return {
    now: () => new Date(now),
    turn: (owner, what, within = Number.POSITIVE_INFINITY, after = 0) =>
      new Promise((resolve) => {
        if (!owner.isDead) waiting.push({ owner, what, from: now + after, by: now + within, proceed: resolve });
      }),
    async step() {
      const next = choose();
      if (!next) return false;
      tell(next.what);
      next.proceed();
      await settled();
      return true;
    },
    passTo(instant) {
      const latest = waiting.reduce((least, { by }) => Math.min(least, by), instant);
      now = Math.max(now, latest);
    },
    bury() {
      waiting = waiting.filter(({ owner }) => !owner.isDead);
    },
  };
}
