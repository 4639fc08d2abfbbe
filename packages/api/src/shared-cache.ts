import { hash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Change, Changes } from './changes.ts';
import type { Logger } from './context.ts';
import { type BreakerState, createBreaker } from './locks/breaker.ts';
import { createRedis } from './redis-connection.ts';
import { noteFailure, startListening } from './redis-failure.ts';

/** What a look-up came to. */
export interface Finding {
  /** Null: ask the database, then `keep` its answer. */
  body: string | null;
  /**
   * Keeps an answer for everybody, unless something that it depends on has changed since the look-up. Nobody waits
   * for it; what is too long, or too much at once, is not kept.
   */
  keep(body: string): void;
}

/** Public answers that processes share through Redis. Losing it costs questions to the database, and nothing else. */
export interface SharedCache {
  /**
   * Looks an answer up; the database is asked only after that. Never rejects, and is quick to answer nothing. What is
   * told while it looks may be missing from what it finds: whoever keeps that has to listen to changes, too.
   *
   * @param key all that the answer depends on, beyond what the tags stand for: procedure, input, version of the program
   * @param tags what the answer is forgotten with, as `tagsOf` a change names them
   */
  find(key: string, tags: readonly string[]): Promise<Finding>;
  /** `off`: there is none; `closed`: it is used; `open`, `half-open`: Redis is away, and it is not. */
  state(): BreakerState | 'off';
  readonly stats: Readonly<{ hits: number; misses: number }>;
  /** Lets others forget what they were to forget, if Redis is there, and ends the connection. */
  close(): Promise<void>;
}

const notFound: Finding = { body: null, keep: () => undefined };

/** For servers without Redis. */
export const noSharedCache: SharedCache = {
  find: async () => notFound,
  state: () => 'off',
  stats: { hits: 0, misses: 0 },
  close: async () => {},
};

export interface SharedCacheSettings {
  /** As `createRedis` takes it. */
  url: string;
  log: Logger;
  /** What is told here is forgotten for everybody; what is told elsewhere is forgotten from there. */
  changes: Changes;
  /** For how long an answer is kept, in seconds; at most 300. */
  lifeSeconds?: number;
}

/**
 * How stale an answer may be where nothing was told of a change: by a program without Redis, or a server that Redis
 * alone cannot be reached from. Also what keeps a crawler from filling the memory that seat locks need, too.
 */
const LIFE_SECONDS = 10;
const LONGEST_LIFE_SECONDS = 300;
const MAX_BODY_BYTES = 1_048_576;
/** Answers on their way to Redis; more than that would pile up in memory while it does not take them. */
const MAX_KEEPS = 16;
/** A hit saves a query; who waits longer would have been better off asking. */
const COMMAND_TIMEOUT_MS = 50;

const keyOf = (name: string) => `evently:{answers}:${name}`;
const EVERYTHING = 'everything';

/**
 * Names what a change makes stale: `show:…`, `event:…`, `shows-of:…` an event, `listings`. An event's page tells of its shows,
 * so it bears two of them; and so do a show's answers, which tell of their event.
 */
export function tagsOf(change: Change): string[] {
  if (change.kind === 'show') return [`show:${change.showId}`, `shows-of:${change.eventId}`];
  if (change.kind === 'event') return [`event:${change.eventId}`];
  if (change.kind === 'listings') return ['listings'];
  return change.kind === 'all' ? [EVERYTHING] : [];
}

/**
 * Every tag has a generation: a random token in Redis. An answer carries the tokens that were there before the database
 * was asked, and counts only while they are still the present ones. To forget is to delete a token: whoever stores a
 * stale answer after that stores it under a generation that is over, and a Redis that lost tokens has lost the answers.
 */
export function createSharedCache({ url, log, changes, lifeSeconds }: SharedCacheSettings): SharedCache {
  const life = Math.min(lifeSeconds ?? LIFE_SECONDS, LONGEST_LIFE_SECONDS);
  const { redis, close } = createRedis({ url, log, commandTimeoutMs: COMMAND_TIMEOUT_MS, use: 'shared cache' });
  const stats = { hits: 0, misses: 0 };
  const breaker = createBreaker({
    probe: async () => void (await redis.ping()),
    onChange(isClosed, reason) {
      if (isClosed) log.info({}, 'public answers are shared through Redis again');
      else log.warn({ reason }, 'public answers are not shared through Redis for now');
    },
  });
  const forgetting = startForgetting(redis);
  const stopListening = changes.listen((change, origin) => {
    if (origin === 'here') forgetting.forget(tagsOf(change));
  });
  // While we are away something may not be forgotten that was to be, or may come back from a replica.
  redis.on('close', () => forgetting.forget([EVERYTHING]));
  redis.on('ready', () => {
    forgetting.resume();
    breaker.retryNow();
  });
  let keeps = 0;

  const isUsable = (tags: readonly string[]) =>
    breaker.state() === 'closed' && redis.status === 'ready' && !tags.some(forgetting.isUnderWay);

  /** Begins with a command; answers whom to tell of its failure. */
  function listen(): (error: unknown) => Promise<void> {
    const failureOf = startListening(redis);
    return async (error) => {
      noteFailure(breaker, await failureOf(error instanceof Error ? error : new Error(String(error))));
    };
  }

  function keep(key: string, tags: readonly string[], generation: string, body: string): void {
    if (keeps >= MAX_KEEPS || !isUsable(tags) || Buffer.byteLength(body) > MAX_BODY_BYTES) return;
    keeps += 1;
    const note = listen();
    redis
      .set(key, `${generation}\n${body}`, 'EX', life)
      .then(() => undefined, note)
      .finally(() => {
        keeps -= 1;
      });
  }

  return {
    async find(name, ofAnswer) {
      const tags = [EVERYTHING, ...ofAnswer];
      if (!isUsable(tags)) return notFound;
      const key = keyOf(hash('sha256', name, 'base64url'));
      const note = listen();
      try {
        const { generation, stored } = await readGeneration(redis, tags, key, life);
        breaker.succeeded();
        if (generation === null) return notFound;
        const isHit = stored?.startsWith(`${generation}\n`) === true;
        stats[isHit ? 'hits' : 'misses'] += 1;
        return {
          body: isHit ? stored.slice(generation.length + 1) : null,
          keep: (body) => keep(key, tags, generation, body),
        };
      } catch (error) {
        await note(error);
        return notFound;
      }
    },
    state: () => (redis.status === 'ready' ? breaker.state() : 'open'),
    stats,
    async close() {
      stopListening();
      await forgetting.end();
      await breaker.end();
      close();
    },
  };
}

/** Lives of an answer that a token lives; when it ends under an answer, that is asked for once more. */
const TOKEN_LIVES = 6;
const TOKEN_BYTES = 12;

/** The present generation of the tags, with what is stored under a key at the same moment; begins one where there is none. */
async function readGeneration(
  redis: Redis,
  tags: readonly string[],
  key: string,
  life: number,
): Promise<{ generation: string | null; stored: string | null }> {
  const names = tags.map(keyOf);
  const found = await redis.mget(...names, key);
  const stored = found.pop() ?? null;
  if (!found.includes(null)) return { generation: found.join(), stored };
  const begun = names.filter((_, index) => found[index] === null);
  // Another process may begin the same ones at this moment: the first wins, so they are read again.
  const writes = begun.map((name) =>
    redis.set(name, randomBytes(TOKEN_BYTES).toString('base64url'), 'EX', TOKEN_LIVES * life, 'NX'),
  );
  const [tokens] = await Promise.all([redis.mget(...names), ...writes]);
  return { generation: tokens.includes(null) ? null : tokens.join(), stored: null };
}

/** How soon what could not be forgotten is tried again; until then it is not read here. */
const RETRY_MS = 200;
/** Tags that wait for Redis; beyond these, everything is forgotten. */
const MAX_OWED = 1000;

interface Forgetting {
  forget(tags: readonly string[]): void;
  /** Whether this is to be forgotten, and Redis has not said yet that it is. */
  isUnderWay(this: void, tag: string): boolean;
  /** Redis is there again. */
  resume(): void;
  end(): Promise<void>;
}

/** Deletes tokens, one command at a time: in a rush, what is told while it is on its way is gathered for the next. */
function startForgetting(redis: Redis): Forgetting {
  // The process before this one may have died with something untold.
  let owed = new Set([EVERYTHING]);
  let sent: ReadonlySet<string> = new Set();
  let sending: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;

  function add(tags: Iterable<string>): void {
    for (const tag of tags) owed.add(tag);
    if (owed.size > MAX_OWED || owed.has(EVERYTHING)) owed = new Set([EVERYTHING]);
  }

  function send(): void {
    clearTimeout(retry);
    if (sending || owed.size === 0 || redis.status !== 'ready') return;
    sent = owed;
    owed = new Set();
    sending = redis.del(...[...sent].map(keyOf)).then(
      () => {
        sent = new Set();
        sending = undefined;
        send();
      },
      () => {
        add(sent);
        sent = new Set();
        sending = undefined;
        retry = setTimeout(send, RETRY_MS).unref();
      },
    );
  }

  return {
    forget(tags) {
      add(tags);
      send();
    },
    isUnderWay: (tag) => owed.has(tag) || sent.has(tag) || owed.has(EVERYTHING) || sent.has(EVERYTHING),
    resume: send,
    async end() {
      while (sending) await sending;
      clearTimeout(retry);
    },
  };
}
