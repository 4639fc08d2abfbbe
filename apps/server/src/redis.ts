import { findRedisServer, startOwnRedis } from '@evently/api/redis-server';
import type { Settings } from './settings.ts';

/** A Redis to shed load with, or none: nothing that is promised depends on it. */
export interface RedisServer {
  /** As `createRedis` takes it. Null: Postgres does it alone. */
  url: string | null;
  /** Whether it is ours, and ends with us. */
  own: boolean;
  /** A line for the operator that says what is used and why; never holds a password. */
  note: string;
  stop: () => Promise<void>;
}

const WITHOUT = 'Postgres does it alone, which is safe; Redis would take load off it in a rush.';

const none = (note: string): RedisServer => ({ url: null, own: false, note, stop: async () => {} });

/**
 * The Redis of REDIS_URL; or else a redis-server or valkey-server from the PATH, started for as long as we run. Never
 * fails: where there is none, or none that starts, the server does without.
 *
 * @param find how to find a program to start
 */
export async function startRedis(
  settings: Pick<Settings, 'redis' | 'redisUrl'>,
  find: () => string | null = findRedisServer,
): Promise<RedisServer> {
  if (settings.redis === 'off') return none('No Redis, because REDIS is off: Postgres does it alone.');
  if (settings.redisUrl !== null) {
    return { url: settings.redisUrl, own: false, note: 'The Redis of REDIS_URL.', stop: async () => {} };
  }
  const program = find();
  if (program === null) return none(`No Redis: neither redis-server nor valkey-server is on the PATH. ${WITHOUT}`);
  try {
    const { url, stop } = await startOwnRedis(program);
    return { url, own: true, note: `A Redis of our own (${program}), which ends with the server.`, stop };
  } catch (error) {
    return none(`No Redis: ${error instanceof Error ? error.message : error} ${WITHOUT}`);
  }
}
