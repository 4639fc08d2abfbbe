import type { Redis } from 'ioredis';
import type { Logger } from '../context.ts';
import { type Breaker, createBreaker } from '../locks/breaker.ts';
import { noteFailure, startListening } from '../redis-failure.ts';
import type { Operation, RoomRules } from './room-rules.ts';
import { MAX_OPERATIONS, runRoomInRedis } from './room-script.ts';
import { FACTS_ONLY, hear, type ShowRoom, type Told } from './show-room.ts';

/** The rooms that processes share through one Redis. */
export interface SharedRooms {
  /** Whether Redis keeps the rooms just now. */
  isThere(): boolean;
  /** Null: Redis did not answer, and the process is on its own. */
  ask(room: ShowRoom, rules: RoomRules, operation: Operation): Promise<Told | null>;
  /**
   * Tells what happened here: within a quarter of a second; before anything else is asked; or at once where it makes room
   * for those who wait.
   */
  tell(room: ShowRoom, operation: Operation): void;
  /** Resolves when what had to be told at once is told. */
  settle(showId: string): Promise<void>;
  /** Tells what was not told yet, and ends. */
  close(): Promise<void>;
}

/** How long other processes may not know who is active here. */
const EVERY_MS = 250;
/** People of whom something is not told yet; beyond, while Redis is away, only this process remembers them. */
const MAX_UNTOLD = 20_000;
/** Who asks is not kept waiting for more than this, unless there is more to be told first. */
const MAX_TOLD = MAX_OPERATIONS / 2;

interface Ask {
  operation: Operation;
  rules: RoomRules;
  resolve: (told: Told | null) => void;
}

/** What is to be told and asked of one room. One script at a time is under way for it. */
interface Line {
  room: ShowRoom;
  /** By person; of a kind, the last is enough. */
  untold: Map<string, Operation[]>;
  asks: Ask[];
  isUrgent: boolean;
  sending: Promise<void> | null;
}

/** How to reach Redis, while it is there. */
interface Link {
  redis: Redis;
  breaker: Breaker;
}

const isThere = ({ redis, breaker }: Link) => breaker.state() === 'closed' && redis.status === 'ready';

export function createSharedRooms({ redis, log }: { redis: Redis; log: Logger }): SharedRooms {
  const link: Link = { redis, breaker: createRoomBreaker(redis, log) };
  const lines = new Map<string, Line>();
  let timer: NodeJS.Timeout | undefined;
  let hasEnded = false;
  const probeAtOnce = () => link.breaker.retryNow();
  redis.on('ready', probeAtOnce);

  function lineOf(room: ShowRoom): Line {
    const line = lines.get(room.showId) ?? { room, untold: new Map(), asks: [], isUrgent: false, sending: null };
    lines.set(room.showId, line);
    return line;
  }

  function send(line: Line): Promise<void> {
    line.sending ??= sendAll(link, line).then(() => {
      line.sending = null;
      if (line.untold.size === 0) lines.delete(line.room.showId);
      else sendSoon();
    });
    return line.sending;
  }

  function sendSoon(): void {
    if (hasEnded) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      if (isThere(link)) for (const line of lines.values()) void send(line);
      else if (lines.size > 0) sendSoon();
    }, EVERY_MS).unref();
  }

  return {
    isThere: () => isThere(link),
    ask(room, rules, operation) {
      if (!isThere(link)) return Promise.resolve(null);
      const line = lineOf(room);
      return new Promise((resolve) => {
        line.asks.push({ operation, rules, resolve });
        void send(line);
      });
    },
    tell(room, operation) {
      const line = lineOf(room);
      const isOver = operation.kind === 'bought' || operation.kind === 'released';
      // Whoever comes and goes between two messages was never there, unless the room has been on and knows them otherwise.
      if (isOver && !room.hasBeenOn && line.untold.delete(operation.userId)) return;
      add(line, operation);
      line.isUrgent ||= isOver && room.isOn;
      if (line.isUrgent && isThere(link)) void send(line);
      else sendSoon();
    },
    settle: async (showId) => lines.get(showId)?.sending ?? undefined,
    async close() {
      hasEnded = true;
      clearTimeout(timer);
      redis.off('ready', probeAtOnce);
      if (isThere(link)) await Promise.all([...lines.values()].map(send));
      await link.breaker.end();
    },
  };
}

function createRoomBreaker(redis: Redis, log: Logger): Breaker {
  return createBreaker({
    probe: async () => void (await redis.ping()),
    onChange(isClosed, reason) {
      if (isClosed) log.info({}, 'waiting rooms are shared through Redis again');
      else log.warn({ reason }, 'waiting rooms are kept by each process alone for now');
    },
  });
}

function add({ untold }: Line, operation: Operation): void {
  const { userId, kind } = operation;
  const others = (untold.get(userId) ?? []).filter((other) => other.kind !== kind);
  if (untold.size < MAX_UNTOLD || untold.has(userId)) untold.set(userId, [...others, operation]);
}

function takeUntold({ untold }: Line): Operation[] {
  const taken: Operation[] = [];
  for (const [userId, operations] of untold) {
    if (taken.length + operations.length > MAX_TOLD) break;
    taken.push(...operations);
    untold.delete(userId);
  }
  return taken;
}

/** Sends until nobody asks any more, and nothing is urgent; what happened meanwhile goes along. */
async function sendAll(link: Link, line: Line): Promise<void> {
  do {
    // Those who come in the same turn of the event loop go together.
    await Promise.resolve();
    line.isUrgent = false;
    const told = takeUntold(line);
    // Nobody is answered before all is told that happened before: an admission may have been spent.
    const asks = line.untold.size > 0 ? [] : line.asks.splice(0, MAX_OPERATIONS - told.length);
    const rules = asks.at(-1)?.rules ?? FACTS_ONLY;
    const answers = await runInTwo(link, line.room, rules, [...told, ...asks.map(({ operation }) => operation)]);
    if (!answers) for (const operation of told) add(line, operation);
    for (const [index, { resolve }] of asks.entries()) resolve(answers?.[told.length + index] ?? null);
    // Without Redis, those who ask are answered at once, and what is to be told waits.
    if (!isThere(link)) for (const { resolve } of line.asks.splice(0)) resolve(null);
  } while (line.asks.length > 0 || (isThere(link) && (line.isUrgent || line.untold.size > MAX_TOLD)));
}

/** In two tries at most, since a process that is too busy to listen has nothing against Redis. */
async function runInTwo(link: Link, room: ShowRoom, rules: RoomRules, operations: Operation[]): Promise<Told[] | null> {
  const { redis, breaker } = link;
  for (let tries = 1; tries <= 2 && isThere(link); tries += 1) {
    const failureOf = startListening(redis);
    try {
      const { answers, summary } = await runRoomInRedis(redis, room.showId, rules, operations, room.remembered);
      breaker.succeeded();
      room.keeper = 'redis';
      hear(room, summary, Math.max(0, summary.active - room.own.active.size), performance.now());
      return answers.map((answer) => ({ answer, summary }));
    } catch (error) {
      noteFailure(breaker, await failureOf(error instanceof Error ? error : new Error(String(error))));
    }
  }
  return null;
}
