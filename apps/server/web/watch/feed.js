/** What the page is told: the show and its layout once, then the seats as they change. */

/** @import { Connection, Layout, Message, Show } from './types.d.ts' */

const POLL_MS = 2000;
/** A stream that was refused, as by a server that is full, is tried again after this. */
const TRY_AGAIN_MS = 15_000;

/** The public reads of a show failed, with the reason that the server gave. */
export class FeedError extends Error {}

/** @param {string} path */
async function read(path) {
  const answer = await fetch(`/api/v1${path}`);
  const body = await answer.json().catch(() => null);
  if (!answer.ok)
    throw new FeedError(
      body?.code === 'not_found' ? 'There is no such show.' : (body?.detail ?? 'The server does not answer.'),
    );
  return body;
}

/**
 * @param {string} showId
 * @returns {Promise<{ show: Show, layout: Layout, name: string }>}
 */
export async function readShow(showId) {
  const id = encodeURIComponent(showId);
  const [show, layout] = await Promise.all([read(`/shows/${id}`), read(`/shows/${id}/layout`)]);
  const { name } = await read(`/events/${encodeURIComponent(show.eventId)}`);
  return { show, layout, name };
}

/**
 * Follows a show's seats: by the stream, which the browser resumes by itself where it was cut off; where it is refused, by
 * asking every two seconds.
 *
 * @param {string} showId
 * @param {(message: Message) => void} onMessage
 * @param {(connection: Connection) => void} onConnection
 */
export function follow(showId, onMessage, onConnection) {
  /** @type {number | undefined} */
  let polling;

  async function poll() {
    try {
      onMessage({ kind: 'snapshot', ...(await read(`/shows/${encodeURIComponent(showId)}/states`)) });
      onConnection('polling');
    } catch {
      onConnection('waiting');
    }
    if (polling !== undefined) polling = setTimeout(poll, POLL_MS);
  }

  function startPolling() {
    if (polling !== undefined) return;
    polling = setTimeout(poll, 0);
  }

  function open() {
    const input = encodeURIComponent(JSON.stringify({ showId }));
    const stream = new EventSource(`/trpc/events.watch?input=${input}`);
    stream.onopen = () => {
      clearTimeout(polling);
      polling = undefined;
      onConnection('live');
    };
    stream.onmessage = ({ data }) => onMessage(JSON.parse(data).json);
    stream.onerror = () => {
      onConnection('waiting');
      // What was open is opened again by the browser; what was refused is not.
      if (stream.readyState !== EventSource.CLOSED) return;
      startPolling();
      setTimeout(open, TRY_AGAIN_MS);
    };
    stream.addEventListener('serialized-error', () => {
      stream.close();
      startPolling();
      setTimeout(open, TRY_AGAIN_MS);
    });
  }

  open();
}
