import { Redis } from 'ioredis';
import type { Logger } from './context.ts';

export interface RedisConnectionSettings {
  /** `redis://…`, `rediss://…`, or the absolute path of a Unix socket. */
  url: string;
  log: Logger;
  /** How long an answer may take, in milliseconds. */
  commandTimeoutMs?: number;
  /** What it is for, in the log; a process has several. */
  use?: string;
}

export interface RedisConnection {
  redis: Redis;
  /** Ends it at once; what is under way fails. */
  close: () => void;
}

/** What ioredis says when an answer took too long. */
export const COMMAND_TIMED_OUT = 'Command timed out';

/** A hundred times what Redis takes. Whoever waits longer is better served without it. */
const COMMAND_TIMEOUT_MS = 30;
const CONNECT_TIMEOUT_MS = 200;
/** A connection that has owed an answer for this long is given up for a new one: the other end may be gone without a word. */
const SILENCE_MS = 2000;
/** How long a peer that hangs may delay the end of a connection. */
const DISCONNECT_MS = 200;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2000;

/**
 * Connects in the background, now and whenever the connection is lost; nothing here throws or waits. Commands fail
 * at once while there is no connection and soon when there is no answer. The library's own settings would have
 * them wait for seconds and send them again, long after anybody needed them.
 */
export function createRedis(settings: RedisConnectionSettings): RedisConnection {
  const { url, log, commandTimeoutMs = COMMAND_TIMEOUT_MS } = settings;
  const facts = settings.use === undefined ? {} : { use: settings.use };
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: commandTimeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    disconnectTimeout: DISCONNECT_MS,
    retryStrategy: (times) => Math.min(FIRST_RETRY_MS * 2 ** Math.min(times - 1, 10), LONGEST_RETRY_MS),
  });
  let isLost = false;
  redis.on('error', ({ message }: Error) => {
    // Once per outage, not once per try. Only the message: errors carry the command, which at sign-in holds the password.
    if (!isLost) log.warn({ ...facts, reason: message }, 'Redis cannot be reached; trying again in the background');
    isLost = true;
  });
  redis.on('ready', () => {
    if (isLost) log.info(facts, 'Redis is connected again');
    isLost = false;
  });
  return { redis, close: () => redis.disconnect() };
}
