import { addressKey } from '@evently/api/limits/callers';
import { ProblemError } from '@evently/api/problem';

/** How many may watch at once. */
export interface WatcherLimits {
  /** Each takes some fifteen KiB of memory, and a few microseconds of every event. */
  most: number;
  /** From one address; infinite when nobody is counted. */
  mostPerAddress: number;
}

/** For those who count nobody: fewer than there may be connections, so that whoever buys finds one. */
export const roomForWatchers: WatcherLimits = { most: 15_000, mostPerAddress: Number.POSITIVE_INFINITY };

/** Somebody who watches, as far as it concerns all of them. */
export interface Listener {
  ping(): void;
  end(): void;
}

/** All connections of this process that watch a show. */
export interface Watchers {
  /**
   * Takes a place for a listener.
   *
   * @returns how to give it back, which may be done more than once
   * @throws ProblemError `overloaded` when there is none left, `too_many_requests` when the address has too many
   */
  enter(listener: Listener, address: string | null): () => void;
  count(): number;
  /** Hangs up on everybody, and lets nobody in any more. */
  close(): void;
}

/** More often than whatever lies on the way gives up on a silent connection, usually after half a minute. */
const PING_EVERY_MS = 15_000;
/** One after another, so that ten thousand pings do not keep buyers waiting. */
const PING_ROUNDS = 60;
const RETRY_AFTER_MS = 10_000;

export function createWatchers({ most, mostPerAddress }: WatcherLimits): Watchers {
  const listeners = new Set<Listener>();
  const perAddress = new Map<string, number>();
  let isClosed = false;
  let pinging: NodeJS.Timeout | null = null;
  /** Who is still to be pinged in this round. */
  let round: Iterator<Listener> = listeners.values();

  /** One timer for all of them. Each round begins where the last one ended; who comes meanwhile is pinged with the others. */
  function ping(): void {
    for (let count = Math.ceil(listeners.size / PING_ROUNDS); count > 0; count -= 1) {
      const { value, done } = round.next();
      if (done) {
        round = listeners.values();
        return;
      }
      value.ping();
    }
  }

  function leave(listener: Listener, key: string | null): void {
    if (!listeners.delete(listener)) return;
    if (listeners.size === 0 && pinging) {
      clearInterval(pinging);
      pinging = null;
    }
    if (key === null) return;
    const left = (perAddress.get(key) ?? 1) - 1;
    if (left === 0) perAddress.delete(key);
    else perAddress.set(key, left);
  }

  return {
    enter(listener, address) {
      if (isClosed) throw new ProblemError({ code: 'unavailable', retryAfterMs: 1000 });
      if (listeners.size >= most) throw new ProblemError({ code: 'overloaded', retryAfterMs: RETRY_AFTER_MS });
      const key = address === null || mostPerAddress === Number.POSITIVE_INFINITY ? null : addressKey(address);
      const here = key === null ? 0 : (perAddress.get(key) ?? 0);
      if (here >= mostPerAddress) throw new ProblemError({ code: 'too_many_requests', retryAfterMs: RETRY_AFTER_MS });
      if (key !== null) perAddress.set(key, here + 1);
      listeners.add(listener);
      pinging ??= setInterval(ping, PING_EVERY_MS / PING_ROUNDS).unref();
      return () => leave(listener, key);
    },
    count: () => listeners.size,
    close() {
      isClosed = true;
      if (pinging) clearInterval(pinging);
      for (const listener of listeners) listener.end();
    },
  };
}
