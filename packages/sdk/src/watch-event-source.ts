/** The browser's EventSource over fetch, as far as tRPC's subscriptions use it: not every runtime has one, and none sends a token. */
import { TRPCClientError } from '@trpc/client';
import superjson from 'superjson';
import type { Fetch } from './link.ts';
import { pause } from './pause.ts';
import { readStream } from './watch-stream.ts';

export interface EventSourceSettings {
  fetch: () => Fetch;
  headers: () => Promise<Record<string, string>>;
}

interface SourceEvent {
  data?: string;
  lastEventId?: string;
}
type Listener = (event: SourceEvent) => void;

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;
/** Between half of it and all of it, so that those who lost a server together do not come back together. */
const RECONNECT_MS = 3000;

/** As much of an `EventSource` as tRPC uses. */
export interface Source {
  readonly CONNECTING: number;
  readonly OPEN: number;
  readonly CLOSED: number;
  readyState: number;
  addEventListener(type: string, listener: Listener): void;
  removeEventListener(type: string, listener: Listener): void;
  close: () => void;
}

/** A class, since tRPC makes the instances. */
export function createEventSource({ fetch, headers }: EventSourceSettings): new (url: string) => Source {
  return class FetchEventSource implements Source {
    readonly CONNECTING = CONNECTING;
    readonly OPEN = OPEN;
    readonly CLOSED = CLOSED;
    readyState: number = CONNECTING;
    readonly #url: string;
    readonly #closing = new AbortController();
    readonly #listeners = new Map<string, Set<Listener>>();

    constructor(url: string) {
      this.#url = url;
      void this.#run();
    }

    addEventListener(type: string, listener: Listener): void {
      const listeners = this.#listeners.get(type) ?? new Set();
      this.#listeners.set(type, listeners.add(listener));
    }

    removeEventListener(type: string, listener: Listener): void {
      this.#listeners.get(type)?.delete(listener);
    }

    close = (): void => {
      this.readyState = CLOSED;
      this.#closing.abort();
    };

    #tell(type: string, event: SourceEvent): void {
      for (const listener of this.#listeners.get(type) ?? []) listener(event);
    }

    async #run(): Promise<void> {
      const { signal } = this.#closing;
      let lastEventId = '';
      while (!signal.aborted) {
        try {
          const known: Record<string, string> = lastEventId === '' ? {} : { 'last-event-id': lastEventId };
          const request = { url: this.#url, headers: { ...(await headers()), ...known }, fetch: fetch(), signal };
          for await (const { type, ...event } of readStream(request)) {
            this.readyState = OPEN;
            lastEventId = event.lastEventId;
            this.#tell(type, event);
          }
        } catch (thrown) {
          // tRPC reads the problem out of it, and decides whether to go on.
          if (thrown instanceof TRPCClientError && thrown.shape) {
            this.#tell('serialized-error', { data: JSON.stringify(superjson.serialize(thrown.shape)) });
          }
        }
        if (signal.aborted) return;
        this.readyState = CONNECTING;
        this.#tell('error', {});
        await pause(RECONNECT_MS * (0.5 + Math.random() / 2), signal).catch(() => undefined);
      }
    }
  };
}
