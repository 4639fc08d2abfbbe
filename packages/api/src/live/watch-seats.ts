import type { SeatMaps } from './seat-maps.ts';
import type { WatchEvent, Watcher } from './watch-events.ts';

/** What somebody wants to watch. */
export interface WatchWish {
  showId: string;
  /** The version that they were told last. */
  lastEventId?: string | undefined;
}

/** Events that wait for a slow reader; then they are sent what they missed in one piece. */
const MAX_WAITING = 64;

export const lastVersionOf = ({ lastEventId }: WatchWish): number | null =>
  lastEventId === undefined ? null : Number(lastEventId);

/**
 * A show's seat map and what changes, for whoever reads it within this process.
 *
 * @throws `not_found`
 */
export async function watchSeats(
  seatMaps: SeatMaps,
  wish: WatchWish,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<WatchEvent>> {
  // What there is not shall be said before anything is sent.
  await seatMaps.watch(wish.showId, null);
  return follow(seatMaps, wish, signal);
}

async function* follow(
  seatMaps: SeatMaps,
  wish: WatchWish,
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchEvent, void, undefined> {
  let last = lastVersionOf(wish);
  while (!signal?.aborted) {
    const join = await seatMaps.watch(wish.showId, last);
    const inbox = openInbox();
    signal?.addEventListener('abort', inbox.close);
    const leave = join(inbox);
    try {
      for (let event = await inbox.next(); event; event = await inbox.next()) {
        yield event;
        last = event.version;
      }
    } finally {
      leave();
      signal?.removeEventListener('abort', inbox.close);
    }
  }
}

interface Inbox extends Watcher {
  /** Null when it is closed, or ran over. */
  next(): Promise<WatchEvent | null>;
  close(this: void): void;
}

function openInbox(): Inbox {
  let waiting: WatchEvent[] = [];
  let isClosed = false;
  let wake = () => {};
  const close = () => {
    isClosed = true;
    waiting = [];
    wake();
  };
  return {
    take(event) {
      if (isClosed) return;
      waiting.push(event);
      if (waiting.length > MAX_WAITING) close();
      wake();
    },
    async next() {
      while (waiting.length === 0 && !isClosed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return waiting.shift() ?? null;
    },
    close,
  };
}
