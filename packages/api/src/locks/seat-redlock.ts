/// <reference path="../redlock.d.ts" />
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import Redlock, { ExecutionError, Lock, ResourceLockedError } from 'redlock';
import { COMMAND_TIMED_OUT } from '../redis-connection.ts';
import { type RedisFailure, startListening } from '../redis-failure.ts';
import type { ClaimKeys } from './seat-keys.ts';

/**
 * Longer than a box office takes even when it tries a batch for the third time; short enough that a process that died
 * keeps nobody from a seat for long. When it ends too early, Postgres refuses what the lock would have refused.
 */
const LOCK_MS = 3000;
/** For how long a claim that may have been served is let through to its answer: people try again within minutes. */
const CLAIM_MS = 600_000;

export type Acquisition =
  | { kind: 'locked'; lock: Lock }
  /** The same claim is under way, or was served in the last minutes. */
  | { kind: 'same-claim' }
  /** Somebody else is working on these seats of the claim. */
  | { kind: 'taken'; seatIds: string[] }
  | RedisFailure;

/** Takes all of a claim's seats or none, in one round trip, with one try. */
export interface SeatRedlock {
  acquire(keys: ClaimKeys): Promise<Acquisition>;
  /** Gives the seats free, and with `forgetsClaim` the claim too. Locks that have lapsed, or that others took since, are left alone. */
  release(lock: Lock, keys: ClaimKeys, forgetsClaim: boolean): Promise<RedisFailure | null>;
}

const SAME_CLAIM = 'SAMECLAIM';
const SEATS_LOCKED = 'SEATSLOCKED';

/**
 * Redlock's own script would only say that something is locked, and asking what it was would meet another moment. This one
 * answers all of it at once, as an error, which is what Redlock hands on. The claim's key is the last and stays longer.
 */
const ACQUIRE_SCRIPT = `
  if redis.call('exists', KEYS[#KEYS]) == 1 then
    return redis.error_reply('${SAME_CLAIM} this claim is under way or was served')
  end
  local locked = {}
  for i = 1, #KEYS - 1 do
    if redis.call('exists', KEYS[i]) == 1 then locked[#locked + 1] = i - 1 end
  end
  if #locked > 0 then return redis.error_reply('${SEATS_LOCKED} ' .. table.concat(locked, ' ')) end
  for i = 1, #KEYS - 1 do redis.call('set', KEYS[i], ARGV[1], 'PX', ARGV[2]) end
  redis.call('set', KEYS[#KEYS], ARGV[1], 'PX', ${CLAIM_MS})
  return #KEYS
`;

export function createSeatRedlock(redis: Redis): SeatRedlock {
  const redlock = new Redlock([redis], { retryCount: 0 }, { acquireScript: () => ACQUIRE_SCRIPT });

  return {
    async acquire(keys) {
      const failureOf = startListening(redis);
      try {
        return { kind: 'locked', lock: await redlock.acquire([...keys.seats, keys.claim], LOCK_MS) };
      } catch (error) {
        // Behind a failure, Redlock has already taken back what may have been locked all the same.
        const reason = await reasonOf(error);
        if (reason.message.includes(SAME_CLAIM)) return { kind: 'same-claim' };
        const locked = new RegExp(`${SEATS_LOCKED} ([\\d ]+)`).exec(reason.message)?.[1];
        if (locked === undefined) return await failureOf(reason);
        return { kind: 'taken', seatIds: locked.split(' ').map((index) => keys.seatIds[Number(index)] ?? '') };
      }
    },

    async release(lock, keys, forgetsClaim) {
      const failureOf = startListening(redis);
      const resources = forgetsClaim ? lock.resources : keys.seats;
      try {
        await redlock.release(new Lock(redlock, resources, lock.value, lock.attempts, lock.expiration));
        return null;
      } catch (error) {
        const reason = await reasonOf(error);
        // Some keys were not ours any more.
        if (reason instanceof ResourceLockedError) return null;
        // As long again as Redlock's clean-up makes a failed acquisition wait; nobody waits for this.
        if (reason.message === COMMAND_TIMED_OUT) await sleep(redis.options.commandTimeout ?? 0);
        return await failureOf(reason);
      }
    },
  };
}

/** Redlock says the same of contention and of outages; what really happened is among the votes of its only try. */
async function reasonOf(error: unknown): Promise<Error> {
  if (error instanceof ExecutionError) {
    const stats = await error.attempts[0];
    for (const reason of stats?.votesAgainst.values() ?? []) return reason;
  }
  return error instanceof Error ? error : new Error(String(error));
}
