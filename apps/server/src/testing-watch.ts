/** For tests: somebody who watches a show over the wire, byte by byte as a browser would. */
import http, { type IncomingMessage } from 'node:http';
import { statesAfter } from '@evently/api/live/testing-watch';
import { type WatchData, watchOutput } from '@evently/api/live/watch-events';

export interface WireWatcher {
  events: { id: string; data: WatchData }[];
  /** All that came, as it came. */
  text: () => string;
  states: () => string;
  lastEventId: () => string | undefined;
  isOver: () => boolean;
  /** No more is read from the network. */
  stopReading: () => void;
  hangUp: () => void;
}

export interface WatchRequest {
  showId: string;
  lastEventId?: string | undefined;
}

/** Connects, and resolves with the first bytes. @throws Error with status and body when it is refused */
export async function watchOverWire(
  url: string,
  wish: WatchRequest,
  headers: http.OutgoingHttpHeaders = {},
): Promise<WireWatcher> {
  const input = encodeURIComponent(JSON.stringify(wish));
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { agent: false, headers: { accept: 'text/event-stream', ...headers } };
    http.get(`${url}/trpc/events.watch?input=${input}`, options, resolve).on('error', reject);
  });
  answer.setEncoding('utf8');
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${(await answer.toArray()).join('')}`);
  const events: WireWatcher['events'] = [];
  let text = '';
  let read = 0;
  let isOver = false;
  answer.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n\n\n', read); end >= 0; end = text.indexOf('\n\n\n', read)) {
      const event = readEvent(text.slice(read, end));
      if (event) events.push(event);
      read = end + 3;
    }
  });
  answer.on('error', () => undefined);
  answer.on('close', () => {
    isOver = true;
  });
  return {
    events,
    text: () => text,
    states: () => statesAfter(events),
    lastEventId: () => events.at(-1)?.id,
    isOver: () => isOver,
    stopReading: () => void answer.pause(),
    hangUp: () => void answer.destroy(),
  };
}

/** Null for what is no event of the show: that it is connected, and pings. */
function readEvent(text: string): { id: string; data: WatchData } | null {
  const match = /^data: (.*)\nid: (\d+)$/.exec(text);
  if (!match) return null;
  const { json } = JSON.parse(match[1]!) as { json: unknown };
  return { id: match[2]!, data: watchOutput.parse(json) };
}
