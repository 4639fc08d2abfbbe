import { shareChanges } from '@evently/api/changes/share-changes';
import type { Logger, Services } from '@evently/api/context';
import { createLimits, type Limits, noLimits } from '@evently/api/limits/limits';
import { createSeatLocks, noSeatLocks, type SeatLocks } from '@evently/api/locks';
import type { Metrics } from '@evently/api/metrics';
import { createRedis, type RedisConnection } from '@evently/api/redis-connection';
import { createSharedCache, noSharedCache, type SharedCache } from '@evently/api/shared-cache';
import type { RedisServer } from './redis.ts';
import type { Settings } from './settings.ts';

/** Where to reach Redis, what to tell, and what is closed with the office, in the opposite order. */
export interface RedisSurroundings {
  server: RedisServer | null;
  opened: AsyncDisposableStack;
  log: Logger;
}

/** Nobody waits for what limits tell each other, so a slow answer is no reason to tell it again. */
const LIMITS_TIMEOUT_MS = 1000;
/** Whoever waits for hours has half a second, and going on without Redis has a price here: people come back to their places. */
const WAITING_ROOM_TIMEOUT_MS = 500;

/** Seat locks in the Redis that there is, if there is one. */
export function openLocks(
  { server, opened, log }: RedisSurroundings,
  metrics: Metrics,
): { locks: SeatLocks; pingRedis: (() => Promise<unknown>) | null } {
  if (server) opened.defer(() => server.stop());
  if (!server || server.url === null) return { locks: noSeatLocks, pingRedis: null };
  const { redis, close } = createRedis({ url: server.url, log });
  opened.defer(close);
  const locks = createSeatLocks({ redis, log, metrics });
  opened.defer(() => locks.drain());
  return { locks, pingRedis: () => redis.ping() };
}

/** Limits over all processes that use one Redis. */
export function openLimits({ server, opened, log }: RedisSurroundings, settings: Settings): Limits {
  if (settings.rateLimit === 'off') return noLimits;
  const { rateLimitGeneral: general, rateLimitBooking: booking } = settings;
  const { rateLimitLogin: login, rateLimitRegister: register } = settings;
  const url = sharedUrl(server);
  const connection =
    url === null ? null : createRedis({ url, log, use: 'limits', commandTimeoutMs: LIMITS_TIMEOUT_MS });
  if (connection) opened.defer(connection.close);
  const calls = { general, booking, login, register };
  const limits = createLimits({ calls, redis: connection?.redis ?? null, log });
  opened.defer(() => limits.close());
  return limits;
}

/** Tells other processes of what is committed here, and keeps public answers for all of them. */
export function openSharing(
  { server, opened, log }: RedisSurroundings,
  { changes }: Pick<Services, 'changes'>,
  settings: Settings,
): SharedCache {
  const url = sharedUrl(server);
  if (url === null) return noSharedCache;
  const feed = shareChanges(changes, { url, log });
  opened.defer(() => feed.close());
  // A process that has not heard of a change yet could read it away from a replica that has not either, and keep that for
  // everybody. Where there is a replica, it bears the reading.
  if (settings.databaseReadUrl !== null) return noSharedCache;
  const shared = createSharedCache({ url, log, changes });
  opened.defer(() => shared.close());
  return shared;
}

/** Waiting rooms over all processes that use one Redis; null: each process keeps its own. */
export function openWaitingRooms({ server, opened, log }: RedisSurroundings): RedisConnection['redis'] | null {
  const url = sharedUrl(server);
  if (url === null) return null;
  const use = 'waiting rooms';
  const { redis, close } = createRedis({ url, log, use, commandTimeoutMs: WAITING_ROOM_TIMEOUT_MS });
  opened.defer(close);
  return redis;
}

/** A Redis that we started for ourselves is shared with nobody: there is nobody to tell. */
function sharedUrl(server: RedisServer | null): string | null {
  return server === null || server.own ? null : server.url;
}
