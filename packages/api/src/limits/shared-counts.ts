import type { Redis } from 'ioredis';
import type { Logger } from '../context.ts';
import type { Window, Windows } from './windows.ts';

/** The classes whose counts are shared, by the name under which they are. */
type Classes = ReadonlyMap<string, { windows: Windows; periodMs: number }>;

export interface SharedCounts {
  /** Tells the others what was counted here, and hears what they counted; never fails. */
  share(): Promise<void>;
  /** Shares for the last time. */
  close(): Promise<void>;
}

/** How long one process may not know what another counted. */
const EVERY_MS = 250;
/** After a failure Redis is left alone for this long. */
const REST_MS = 2000;
/** A single answer that came too late is nothing to write about. */
const FAILURES_TO_TELL = 3;
/** As many callers of a class are told of in one command, and then the others of the class have their turn: Redis serves nobody else meanwhile, for about a millisecond. */
const MOST_KEYS = 500;

/**
 * Adds to each counter and answers its total, that of the window before, and how long its window goes on. The first process
 * that counts begins the window; Redis forgets it when the one after it would be over. One command for all callers of a
 * class: one for each would cost this process twenty times as much.
 */
const ADD_SCRIPT = `
  local answer = {}
  local period = tonumber(ARGV[1])
  for i = 1, #KEYS do
    local left = redis.call('pttl', KEYS[i]) - period
    if left <= 0 then
      local before = 0
      if left > -period then
        before = redis.call('hget', KEYS[i], 'count')
        left = left + period
      else
        left = period
      end
      redis.call('hset', KEYS[i], 'count', 0, 'before', before)
      redis.call('pexpire', KEYS[i], left + period)
    end
    answer[3 * i - 2] = redis.call('hincrby', KEYS[i], 'count', ARGV[i + 1])
    answer[3 * i - 1] = tonumber(redis.call('hget', KEYS[i], 'before'))
    answer[3 * i] = left
  end
  return answer
`;

/**
 * Shares counts through Redis, in the background. What was sent to a Redis that did not answer is not sent again: it may
 * have been counted, and nobody is refused for calls that he did not make.
 */
export function createSharedCounts(redis: Redis, classes: Classes, log: Logger): SharedCounts {
  let failures = 0;
  let hasEnded = false;
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();

  async function shareAll(): Promise<void> {
    // The connection says in the log that it is lost; until it is back, everything waits in line.
    if (redis.status !== 'ready') return;
    try {
      for (const [name, { windows, periodMs }] of classes) await shareClass(redis, name, windows, periodMs);
      if (failures >= FAILURES_TO_TELL) log.info({}, 'limits are shared through Redis again');
      failures = 0;
    } catch (error) {
      failures += 1;
      const reason = error instanceof Error ? error.message : String(error);
      if (failures === FAILURES_TO_TELL) log.warn({ reason }, 'limits are counted by each process alone for now');
    }
  }

  function share(): Promise<void> {
    last = last.then(shareAll);
    return last;
  }

  function schedule(): void {
    if (hasEnded) return;
    timer = setTimeout(() => void share().then(schedule), failures === 0 ? EVERY_MS : REST_MS).unref();
  }
  schedule();

  return {
    share,
    async close() {
      hasEnded = true;
      clearTimeout(timer);
      await share();
    },
  };
}

async function shareClass(redis: Redis, name: string, windows: Windows, periodMs: number): Promise<void> {
  const untold = windows.takeUntold(MOST_KEYS);
  if (untold.length === 0) return;
  const counts = untold.map((window) => {
    const count = window.untold;
    window.untold = 0;
    return count;
  });
  // What stands in braces is all that Redis Cluster looks at to place a key: a command's keys lie together.
  const keys = untold.map(({ who }) => `evently:limit:{${name}}:${who}`);
  const answer = await redis.eval(ADD_SCRIPT, keys.length, ...keys, periodMs, ...counts);
  if (!isAnswerTo(untold, answer)) throw new Error('Redis answered something else than counts');
  untold.forEach((window, index) => {
    const [count = 0, before = 0, leftMs = 0] = answer.slice(3 * index, 3 * index + 3);
    windows.hear(window, { count, before, leftMs });
  });
}

function isAnswerTo(asked: readonly Window[], answer: unknown): answer is number[] {
  return Array.isArray(answer) && answer.length === 3 * asked.length && answer.every(Number.isInteger);
}
