/** Server-sent events over fetch: in browsers, Node and workers alike, with the client's own token and fetch. */
import { TRPCClientError } from '@trpc/client';
import superjson, { type SuperJSONResult } from 'superjson';
import { ForeignAnswer } from './failure.ts';
import type { Fetch } from './link.ts';

/** One event of a stream. */
export interface StreamEvent {
  /** `message` unless the server says otherwise. */
  type: string;
  data: string;
  /** Of this event or the last that had one; empty when none had. */
  lastEventId: string;
}

/** Where a stream is, and how to ask for it. */
export interface StreamRequest {
  url: string;
  headers: Record<string, string>;
  fetch: Fetch;
  signal: AbortSignal;
}

/** Nothing of ours is nearly as long; what is, would fill the memory. */
const MAX_LINE = 64 * 1024 * 1024;

/**
 * The events of a stream, until it ends.
 *
 * @throws TRPCClientError with the problem when the server refuses, `ForeignAnswer` when what answers does not stream events
 */
export async function* readStream({ url, headers, fetch, signal }: StreamRequest): AsyncGenerator<StreamEvent, void> {
  const response = await fetch(url, {
    headers: { accept: 'text/event-stream', ...headers },
    cache: 'no-store',
    signal,
  });
  const type = response.headers.get('content-type') ?? '';
  if (/\bjson\b/.test(type) && !response.ok) throw await refusalIn(response);
  if (!response.ok || !type.startsWith('text/event-stream') || !response.body) {
    await response.body?.cancel();
    throw new ForeignAnswer(response.status);
  }
  yield* parseEvents(readLines(response.body));
}

async function refusalIn(response: Response): Promise<Error> {
  const { error } = (await response.json()) as { error?: SuperJSONResult };
  if (!error) return new ForeignAnswer(response.status);
  return TRPCClientError.from({ error: superjson.deserialize(error) });
}

async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE) throw new Error('A line of the stream has no end.');
      for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
  } finally {
    // It is not read to its end, or it is over.
    await reader.cancel().catch(() => undefined);
  }
}

async function* parseEvents(lines: AsyncIterable<string>): AsyncGenerator<StreamEvent, void> {
  let lastEventId = '';
  let type = '';
  let data: string[] = [];
  for await (const line of lines) {
    if (line === '') {
      if (data.length > 0) yield { type: type || 'message', data: data.join('\n'), lastEventId };
      type = '';
      data = [];
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'event') type = value;
    else if (field === 'id') lastEventId = value;
  }
}
