import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Breaker } from './locks/breaker.ts';
import { COMMAND_TIMED_OUT } from './redis-connection.ts';

/** Redis did not do it: it is away, or it answered too late (it, or this process was too busy to listen). */
export type RedisFailure = { kind: 'outage'; reason: string } | { kind: 'late' };

/**
 * Begins with a command, and answers what its failure was: a burst of requests can keep this process from reading for longer than
 * a command may take, and if anything came from Redis in the meantime, Redis is not to blame. What comes in the first half
 * of its time does not count: these may be answers to what was asked before Redis fell silent.
 *
 * Only messages are passed on: the error itself carries the command, which at sign-in holds the password.
 */
export function startListening(redis: Redis): (error: Error) => Promise<RedisFailure> {
  const stream = redis.stream;
  let before = stream?.bytesRead;
  const lookAgain = () => {
    before = stream?.bytesRead;
  };
  setTimeout(lookAgain, (redis.options.commandTimeout ?? 0) / 2).unref();
  return async ({ message }) => {
    if (message !== COMMAND_TIMED_OUT) return { kind: 'outage', reason: message };
    // After a turn this process has read what was there.
    await nextTurn();
    const hasHeard = redis.stream === stream && stream?.bytesRead !== before;
    return hasHeard ? { kind: 'late' } : { kind: 'outage', reason: message };
  };
}

/** Redis that is away is left alone at once; one that is late, only when that goes on. */
export function noteFailure(breaker: Breaker, failure: RedisFailure): void {
  if (failure.kind === 'late') breaker.late();
  else breaker.failed(failure.reason);
}
