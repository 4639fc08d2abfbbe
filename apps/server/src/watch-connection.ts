import type { Socket } from 'node:net';
import type { WatchEvent, Watcher } from '@evently/api/live/watch-events';
import { transformer } from '@evently/api/trpc';

/**
 * What may wait for a reader who is behind, beside what the network holds already. Events are short, and a snapshot of the
 * largest hall is not longer than this; who is further behind is better off with a new one.
 */
const MAX_BEHIND_BYTES = 512 * 1024;

/** Clients that hear nothing for this long, three pings, connect anew. */
const CLIENT_PATIENCE_MS = 45_000;

const CONNECTED = `event: connected\ndata: ${JSON.stringify({ reconnectAfterInactivityMs: CLIENT_PATIENCE_MS })}\n\n\n`;
const PING = Buffer.from('event: ping\ndata: \n\n\n');

const written = new WeakMap<WatchEvent, Buffer>();

/** An event in the wire format of tRPC's subscriptions; the same bytes for all who are sent it. */
function bytesOf(event: WatchEvent): Buffer {
  const known = written.get(event);
  if (known) return known;
  const data = JSON.stringify(transformer.output.serialize(event.data));
  const bytes = Buffer.from(`data: ${data}\nid: ${event.version}\n\n\n`);
  written.set(event, bytes);
  return bytes;
}

/** The connection of somebody who watches. A class, since ten thousand of them share its methods. */
export class WatchConnection implements Watcher {
  readonly #socket: Socket;
  readonly #onDropped: () => void;

  /** @param onDropped called when the reader is given up for being too slow */
  constructor(socket: Socket, onDropped: () => void) {
    this.#socket = socket;
    this.#onDropped = onDropped;
  }

  /** Sends the head of the answer, and what the watcher is handed at first. */
  open(head: string, join: () => void): void {
    // What is silent for too long is closed elsewhere; here it is pinged, and a timer that never ends costs with every write.
    this.#socket.setTimeout(0);
    this.#socket.cork();
    this.#socket.write(head + CONNECTED);
    join();
    this.#socket.uncork();
  }

  take(event: WatchEvent): void {
    this.#write(bytesOf(event));
  }

  /** Keeps the connection alive, for whatever lies on the way. */
  ping(): void {
    this.#write(PING);
  }

  /** Hangs up. Clients connect anew by themselves. */
  end(): void {
    if (this.#socket.writableLength === 0) this.#socket.destroySoon();
    else this.#socket.destroy();
  }

  #write(bytes: Buffer): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (socket.writableLength <= MAX_BEHIND_BYTES) {
      socket.write(bytes);
      return;
    }
    socket.destroy();
    this.#onDropped();
  }
}
