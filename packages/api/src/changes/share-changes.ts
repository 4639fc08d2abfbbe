import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Change, Changes } from '../changes.ts';
import type { Logger } from '../context.ts';
import { joinDeltas, type SeatDelta } from '../live/seat-delta.ts';
import { createRedis } from '../redis-connection.ts';

export interface ChangeFeedSettings {
  /** As `createRedis` takes it. */
  url: string;
  log: Logger;
}

/** Carries changes between the processes that use one Redis. */
export interface ChangeFeed {
  /** Whether others' changes reach this process just now. Without, caches are as stale as they may get. */
  isListening(): boolean;
  /** Tells others what they were not told yet, if Redis is there, and ends the connections. */
  close(): Promise<void>;
}

const CHANNEL = 'evently:changes';
/** In a rush a show changes a hundred times a second; what comes within so many milliseconds is told once. */
const GATHER_MS = 15;
/** How soon another try follows one that failed, unless the connection is back before. */
const RETRY_MS = 1000;
/** Nobody waits for an answer, so that a slow one is no reason to send again. */
const COMMAND_TIMEOUT_MS = 1000;
/** How often a silent subscription is asked for a sign of life: the other end may be gone without a word. */
const SIGN_OF_LIFE_MS = 1000;
/** Different changes that wait while Redis is away; beyond these, others are told to drop everything. */
const MAX_PENDING = 1000;
/** Seats whose states are sent along, of one show; beyond these, others are told to look. */
const MAX_TOLD_SEATS = 5000;
/** Steps of a show that others' steps lie between. */
const MAX_DELTAS = 64;

const deltaSchema: z.ZodType<SeatDelta> = z.object({
  from: z.int(),
  to: z.int(),
  seats: z.array(z.tuple([z.int().min(0), z.enum(['a', 'h', 'b', 'x'])])),
  sections: z.array(z.tuple([z.string(), z.int()])),
});

const changeSchema: z.ZodType<Change> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('show'),
    showId: z.string(),
    eventId: z.string(),
    deltas: z.array(deltaSchema).optional(),
  }),
  z.object({ kind: z.literal('event'), eventId: z.string() }),
  z.object({ kind: z.literal('listings') }),
  z.object({ kind: z.literal('session'), id: z.string() }),
  z.object({ kind: z.literal('user'), userId: z.string() }),
  z.object({ kind: z.literal('all') }),
]);

/**
 * Publishes what is told here, and tells here what other processes publish. Whenever the subscription begins, at first
 * and after it was lost, `all` is told here, since something may have been missed.
 */
export function shareChanges(changes: Changes, { url, log }: ChangeFeedSettings): ChangeFeed {
  const self = randomUUID();
  const publisher = startPublisher(changes, self, { url, log });
  const { redis, close } = createRedis({ url, log, commandTimeoutMs: COMMAND_TIMEOUT_MS, use: 'change feed' });
  let isListening = false;

  redis.on('message', (_channel, text) => {
    for (const change of readMessage(text, self)) changes.tell(change, 'elsewhere');
  });
  redis.on('ready', () => {
    redis.subscribe(CHANNEL).then(
      () => {
        isListening = true;
        changes.tell({ kind: 'all' }, 'elsewhere');
      },
      () => redis.disconnect(true),
    );
  });
  redis.on('close', () => {
    isListening = false;
  });
  const signsOfLife = setInterval(() => {
    if (isListening) redis.ping().catch(() => undefined);
  }, SIGN_OF_LIFE_MS).unref();

  return {
    isListening: () => isListening,
    async close() {
      clearInterval(signsOfLife);
      close();
      await publisher.close();
    },
  };
}

/** One message at a time: what is told while it is on its way forms the next one. */
function startPublisher(changes: Changes, self: string, { url, log }: ChangeFeedSettings) {
  const settings = { url, log, commandTimeoutMs: COMMAND_TIMEOUT_MS, use: 'change feed, publishing' };
  const { redis, close } = createRedis(settings);
  let pending = new Map<string, Change>();
  let next: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;

  function add(change: Change): void {
    const key = keyOf(change);
    const waiting = pending.get(key);
    pending.set(key, bounded(waiting ? joined(waiting, change) : change));
    if (pending.size > MAX_PENDING) pending = new Map([['all', { kind: 'all' }]]);
  }

  function sendIn(ms: number): void {
    if (next || sending || pending.size === 0) return;
    next = setTimeout(() => {
      next = undefined;
      // Otherwise what is pending goes out once it is connected.
      if (redis.status === 'ready') send();
    }, ms).unref();
  }

  function send(): void {
    const batch = [...pending.values()];
    pending = new Map();
    sending = redis.publish(CHANNEL, JSON.stringify({ from: self, changes: batch })).then(
      () => {
        sending = undefined;
        sendIn(GATHER_MS);
      },
      () => {
        sending = undefined;
        // Perhaps it was heard all the same; hearing it twice harms nobody.
        for (const change of batch) add(change);
        sendIn(RETRY_MS);
      },
    );
  }

  const stopListening = changes.listen((change, origin) => {
    if (origin === 'elsewhere') return;
    add(change);
    sendIn(GATHER_MS);
  });
  redis.on('ready', () => {
    clearTimeout(next);
    next = undefined;
    sendIn(0);
  });

  return {
    async close() {
      stopListening();
      await sending;
      clearTimeout(next);
      if (pending.size > 0 && redis.status === 'ready') send();
      await sending;
      clearTimeout(next);
      close();
    },
  };
}

/** What is told under the same key is told once. */
function keyOf(change: Change): string {
  return change.kind === 'show' ? `show ${change.showId}` : JSON.stringify(change);
}

/** Two changes of one key as one. */
function joined(first: Change, then: Change): Change {
  if (first.kind !== 'show' || then.kind !== 'show') return then;
  const { kind, showId, eventId } = then;
  if (!first.deltas || !then.deltas) return { kind, showId, eventId };
  return { kind, showId, eventId, deltas: joinDeltas([...first.deltas, ...then.deltas]) };
}

/** The same, without what would be long to tell. */
function bounded(change: Change): Change {
  if (change.kind !== 'show' || !change.deltas) return change;
  const { kind, showId, eventId, deltas } = change;
  const seats = deltas.reduce((sum, delta) => sum + delta.seats.length, 0);
  return deltas.length > MAX_DELTAS || seats > MAX_TOLD_SEATS ? { kind, showId, eventId } : change;
}

/** What another process tells. What is not understood, as from a newer version, is passed over. */
function readMessage(text: string, self: string): Change[] {
  const message = messageSchema.safeParse(parseJson(text));
  if (!message.success || message.data.from === self) return [];
  return message.data.changes.flatMap((change) => changeSchema.safeParse(change).data ?? []);
}

const messageSchema = z.object({ from: z.string(), changes: z.array(z.unknown()) });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
