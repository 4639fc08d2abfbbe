import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink, type TRPCClient } from '@trpc/client';
import superjson from 'superjson';
import type { Contract } from './contract.ts';
import { ForeignAnswer, TokenFailure } from './failure.ts';
import { createEventSource } from './watch-event-source.ts';

/** A session token or an API key; null and undefined for nobody. */
export type Token = string | null | undefined;

/** As much of `fetch` as the client uses. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

export interface LinkOptions {
  url: string;
  token: Token | (() => Token | Promise<Token>);
  fetch: Fetch | undefined;
}

// Inputs travel as plain JSON. Outputs go through superjson, so that instants arrive as `Date`.
const transformer = {
  input: { serialize: (value: unknown) => value, deserialize: (value: unknown) => value },
  output: superjson,
};

/** How requests are sent, whatever they ask for. */
export interface Sending {
  fetch: () => Fetch;
  headers: () => Promise<Record<string, string>>;
}

export function sendingOf({ token, fetch: customFetch }: Pick<LinkOptions, 'token' | 'fetch'>): Sending {
  return {
    // Looked up at each call, for those who replace the global one after the client was made.
    fetch: () => customFetch ?? globalThis.fetch,
    headers: async () => {
      const present = await readToken(token);
      return present ? { authorization: `Bearer ${present}` } : {};
    },
  };
}

/** The plain tRPC client that all calls go through. */
export function createLinkedClient(url: string, { fetch, headers }: Sending): TRPCClient<Contract> {
  const to = { url: `${url}/trpc`, transformer };
  return createTRPCClient<Contract>({
    links: [
      splitLink({
        condition: ({ type }) => type === 'subscription',
        true: httpSubscriptionLink({ ...to, EventSource: createEventSource({ fetch, headers }) }),
        false: httpLink({
          ...to,
          headers,
          fetch: (target, init) => fetchJson(fetch(), String(target), init as RequestInit),
        }),
      }),
    ],
  });
}

async function readToken(token: LinkOptions['token']): Promise<Token> {
  if (typeof token !== 'function') return token;
  try {
    return await token();
  } catch (cause) {
    throw new TokenFailure('The token function failed.', { cause });
  }
}

async function fetchJson(fetch: Fetch, url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (/\bjson\b/.test(response.headers.get('content-type') ?? '')) return response;
  await response.body?.cancel();
  throw new ForeignAnswer(response.status);
}
