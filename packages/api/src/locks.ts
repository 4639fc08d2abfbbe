import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Logger } from './context.ts';
import { type BreakerState, createBreaker } from './locks/breaker.ts';
import { keysOf, type SeatClaim } from './locks/seat-keys.ts';
import { createSeatRedlock } from './locks/seat-redlock.ts';
import { type Metrics, noMetrics } from './metrics.ts';
import { ProblemError, problemKinds } from './problem.ts';
import { noteFailure } from './redis-failure.ts';

export type { SeatClaim } from './locks/seat-keys.ts';

/**
 * Turns those away at the door of the box office who want a seat that somebody else is being served with this moment.
 * That sheds load, and no more: Postgres alone decides who gets a seat, with locks, without them and when they fail.
 */
export interface SeatLocks {
  /**
   * Does the work while nobody else may work on these seats. The locks are given free when the work is done, which its
   * caller does not wait for. A claim without single seats, or with more than anybody may have, is not locked.
   *
   * A claim that comes again while the first is under way, or after it was served, is let through to its answer.
   *
   * @throws ProblemError `seat_taken` with the seats that somebody else is working on
   * @throws whatever the work throws; never because of Redis
   */
  withSeats<T>(claim: SeatClaim, work: () => Promise<T>): Promise<T>;
  /** `off`: there are no locks; `closed`: locks are taken; `open`, `half-open`: Redis is away, and they are not. */
  state(): BreakerState | 'off';
  /**
   * For when no work is under way any more: resolves when the last locks are given free, so that the connection can be
   * closed. What comes after is not locked.
   */
  drain(): Promise<void>;
}

/** For servers without Redis. */
export const noSeatLocks: SeatLocks = {
  withSeats: (_claim, work) => work(),
  state: () => 'off',
  drain: async () => {},
};

export interface SeatLocksSettings {
  redis: Redis;
  log: Logger;
  metrics?: Pick<Metrics, 'seatLock'>;
  /** How long Redis is left alone after a failure, in milliseconds. */
  firstRestMs?: number;
  longestRestMs?: number;
}

/** More seats than any show lets one person have; what asks for more is refused without anybody's help. */
const MAX_SEATS = 100;

export function createSeatLocks({ redis, log, metrics = noMetrics, ...rests }: SeatLocksSettings): SeatLocks {
  const redlock = createSeatRedlock(redis);
  const underWay = new Set<string>();
  const releases = new Set<Promise<void>>();
  let isDrained = false;

  const breaker = createBreaker({
    ...rests,
    async probe() {
      // As a claim goes, so that whatever keeps claims from being locked keeps the breaker open.
      const id = randomUUID();
      const keys = keysOf({ showId: 'probe', seatIds: [id], userId: 'probe', idempotencyKey: id });
      const taken = await redlock.acquire(keys);
      if (taken.kind === 'locked') await redlock.release(taken.lock, keys, true);
      if (taken.kind === 'outage' || taken.kind === 'late') throw new Error('Redis is still away');
    },
    onChange(isClosed, reason) {
      if (isClosed) log.info({}, 'seats are locked in Redis again');
      else log.warn({ reason }, 'seats are not locked in Redis for now; Postgres decides as ever');
    },
  });
  const probeAtOnce = () => breaker.retryNow();
  redis.on('ready', probeAtOnce);

  async function lockAndWork<T>(claim: SeatClaim, work: () => Promise<T>): Promise<T> {
    const keys = keysOf(claim);
    // The first of these is on its way, here in this process, and this one will find its answer.
    if (underWay.has(keys.claim)) return await work();
    underWay.add(keys.claim);
    try {
      const taken = await redlock.acquire(keys);
      metrics.seatLock(SEEN[taken.kind]);
      if (taken.kind === 'outage' || taken.kind === 'late') noteFailure(breaker, taken);
      else breaker.succeeded();
      if (taken.kind === 'taken') throw new ProblemError({ code: 'seat_taken', seatIds: taken.seatIds });
      if (taken.kind !== 'locked') return await work();
      let forgetsClaim = false;
      try {
        return await work();
      } catch (error) {
        forgetsClaim = isRefusal(error);
        throw error;
      } finally {
        const release = redlock.release(taken.lock, keys, forgetsClaim).then((failure) => {
          releases.delete(release);
          if (failure) noteFailure(breaker, failure);
        });
        releases.add(release);
      }
    } finally {
      underWay.delete(keys.claim);
    }
  }

  return {
    async withSeats(claim, work) {
      const count = claim.seatIds.length;
      if (count === 0 || count > MAX_SEATS || isDrained || breaker.state() !== 'closed') return await work();
      return await lockAndWork(claim, work);
    },
    state: () => breaker.state(),
    async drain() {
      isDrained = true;
      redis.off('ready', probeAtOnce);
      await breaker.end();
      while (releases.size > 0) await Promise.all(releases);
    },
  };
}

const SEEN = {
  locked: 'taken',
  taken: 'refused',
  'same-claim': 'repeated',
  late: 'late',
  outage: 'outage',
} as const;

/** A refusal changed nothing. Behind every other error the work may have been done, and coming again must find it. */
function isRefusal(error: unknown): boolean {
  return error instanceof ProblemError && problemKinds[error.problem.code].status < 500;
}
