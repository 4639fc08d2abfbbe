import { getUntypedClient, type TRPCClient } from '@trpc/client';
import type { CallOptions, EventlyCalls } from './calls.ts';
import type { Contract } from './contract.ts';
import { createEnterRoom, type WaitingRoomCalls } from './enter-room.ts';
import { type BestSeatCalls, createHoldBest } from './hold-best.ts';
import { createLinkedClient, type Fetch, sendingOf, type Token } from './link.ts';
import { iteratePages } from './pages.ts';
import { type ProcedureFacts, procedures } from './procedures.ts';
import { send } from './send.ts';
import { createWatch, type WatchCalls } from './watch.ts';

/** Where the server is, who calls it, and how patiently. */
export interface EventlyOptions {
  /** Where the server answers, as in `https://tickets.example.org`. In a browser it may begin with `/`. */
  url: string | URL;
  /**
   * A session token or an API key. A function is asked before every attempt, so that it can answer a fresh one; what it
   * throws, the call rejects with. Absent, null or undefined: nobody is signed in.
   */
  token?: Token | (() => Token | Promise<Token>);
  /** In place of the global `fetch`. */
  fetch?: Fetch | undefined;
  /** How long a call may take, with its retries, in milliseconds. Absent: 30,000. */
  timeoutMs?: number | undefined;
  /**
   * How often a call that failed is sent again, where that is safe: at most 10, absent 2. Safe are queries, what carries an
   * idempotency key, what is idempotent by its nature, and whatever the server turned away untouched.
   */
  retries?: number | undefined;
}

/** The client: a call for each procedure, some that make several, and the plain tRPC client. */
export interface Evently extends Omit<EventlyCalls, 'bookings' | 'events' | 'waitingRoom'> {
  readonly events: EventlyCalls['events'] & WatchCalls;
  readonly bookings: EventlyCalls['bookings'] & BestSeatCalls;
  readonly waitingRoom: EventlyCalls['waitingRoom'] & WaitingRoomCalls;
  /**
   * The plain typed tRPC client with the same url, token and fetch, for `@trpc/tanstack-react-query` and the like. It
   * neither retries nor fills in idempotency keys, and throws tRPC's own errors, with the problem at `error.data?.problem`.
   */
  readonly trpc: TRPCClient<Contract>;
}

type Input = Record<string, unknown>;
type AnyCall = (input?: Input, options?: CallOptions) => Promise<unknown>;
interface Calls {
  [name: string]: AnyCall | Calls;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_RETRIES = 2;
const MOST_RETRIES = 10;

/**
 * Makes a client.
 *
 * @throws TypeError when the url or a number is of no use
 *
 * @example
 * ```ts
 * const evently = createEvently({ url: 'http://localhost:3000', token: () => localStorage.getItem('token') });
 * const { items } = await evently.events.list({ q: 'jazz' });
 * ```
 */
export function createEvently(options: EventlyOptions): Evently {
  const { token, fetch } = options;
  const retries = readRetries(options.retries);
  const timeoutMs = readTimeout(options.timeoutMs) ?? DEFAULT_TIMEOUT_MS;
  const url = readUrl(options.url);
  const sending = sendingOf({ token, fetch });
  const trpc = createLinkedClient(url, sending);
  const client = getUntypedClient(trpc);

  const createCall = (path: string, { type, key, idempotent }: ProcedureFacts): AnyCall => {
    return async (input = {}, { signal, timeoutMs: ownTimeoutMs } = {}) => {
      const sent = key ? { ...input, idempotencyKey: input.idempotencyKey ?? newKey() } : input;
      return await send((attemptSignal) => client[type](path, sent, { signal: attemptSignal }), {
        repeatable: type === 'query' || key === true || idempotent === true,
        retries,
        timeoutMs: readTimeout(ownTimeoutMs) ?? timeoutMs,
        signal,
        idempotencyKey: key ? String(sent.idempotencyKey) : undefined,
      });
    };
  };

  const calls: Calls = {};
  for (const [path, facts] of Object.entries<ProcedureFacts>(procedures)) {
    const call = createCall(path, facts);
    addCall(calls, path.split('.'), facts.paged ? addPages(call) : call);
  }
  const evently = { ...calls, trpc } as Evently;
  return {
    ...evently,
    events: { ...evently.events, watch: createWatch({ url, ...sending, events: evently.events }) },
    bookings: { ...evently.bookings, holdBest: createHoldBest(evently, timeoutMs) },
    waitingRoom: { ...evently.waitingRoom, enter: createEnterRoom(evently.waitingRoom) },
  };
}

function addPages(call: AnyCall): AnyCall {
  const all = (input: Input = {}, options?: CallOptions) =>
    iteratePages(
      (pageInput) => call(pageInput, options) as Promise<{ items: unknown[]; nextCursor: string | null }>,
      input,
    );
  return Object.assign(call, { all });
}

function addCall(calls: Calls, [name, ...rest]: string[], call: AnyCall): void {
  if (name === undefined) return;
  if (rest.length === 0) {
    calls[name] = call;
    return;
  }
  const group = calls[name] ?? {};
  if (typeof group === 'function') throw new TypeError(`${name} is a procedure and a group of them at once.`);
  calls[name] = group;
  addCall(group, rest, call);
}

function readUrl(url: string | URL): string {
  const text = String(url).replace(/\/+$/, '');
  if (!/^(https?:\/\/|\/|$)/.test(text)) {
    throw new TypeError(
      `The url of Evently must begin with http:// or https://, or with / in a browser; it is ${text}.`,
    );
  }
  return text;
}

function readTimeout(timeoutMs: number | undefined): number | undefined {
  if (timeoutMs === undefined || timeoutMs > 0) return timeoutMs;
  throw new TypeError(`timeoutMs must be a number above 0; it is ${timeoutMs}.`);
}

function readRetries(retries = DEFAULT_RETRIES): number {
  if (Number.isInteger(retries) && retries >= 0 && retries <= MOST_RETRIES) return retries;
  throw new TypeError(`retries must be a whole number from 0 to ${MOST_RETRIES}; it is ${retries}.`);
}

/** A random UUID. Pages that came over plain http lack `randomUUID`. */
function newKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
