import net, { type AddressInfo, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WatchEvent } from '@evently/api/live/watch-events';
import { afterEach, expect, test, vi } from 'vitest';
import { WatchConnection } from './watch-connection.ts';

const opened = new AsyncDisposableStack();
afterEach(() => opened.disposeAsync());

const HEAD = 'HTTP/1.1 200 OK\r\n\r\n';

/** A megabyte, as if of a hall with so many seats. */
const snapshotAt = (version: number): WatchEvent => ({
  version,
  data: { kind: 'snapshot', showId: 's', layoutVersion: 1, version, states: 'a'.repeat(1_000_000), sections: [] },
});

interface Pair {
  connection: WatchConnection;
  server: Socket;
  client: Socket;
  dropped: number;
}

async function connect(port: number, accepted: Socket[]): Promise<Pair> {
  const client = net.connect(port, '127.0.0.1').on('error', () => undefined);
  await vi.waitUntil(() => accepted.length > 0, { timeout: 20_000 });
  const server = accepted.shift()!;
  const pair: Pair = { client, server, dropped: 0, connection: new WatchConnection(server, () => (pair.dropped += 1)) };
  pair.connection.open(HEAD, () => undefined);
  return pair;
}

test('who does not read is dropped with little kept for them; who reads beside them gets everything', async () => {
  const accepted: Socket[] = [];
  const listening = net.createServer((socket) => void accepted.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  opened.defer(() => void listening.close());
  const { port } = listening.address() as AddressInfo;
  const reader = await connect(port, accepted);
  const sleeper = await connect(port, accepted);
  opened.defer(() => void reader.client.destroy());
  opened.defer(() => void sleeper.client.destroy());
  let received = '';
  reader.client.setEncoding('latin1').on('data', (chunk: string) => {
    received += chunk;
  });

  let version = 0;
  let mostKept = 0;
  // Loopback sockets hold some megabytes themselves.
  while (sleeper.dropped === 0 && version < 200) {
    version += 1;
    const event = snapshotAt(version);
    sleeper.connection.take(event);
    mostKept = Math.max(mostKept, sleeper.server.writableLength);
    reader.connection.take(event);
    await vi.waitUntil(() => reader.server.writableLength === 0, { timeout: 20_000, interval: 1 });
    await nextTurn();
  }
  expect(sleeper.dropped).toBe(1);
  expect(sleeper.server.destroyed).toBe(true);
  expect(mostKept).toBeLessThan(2_000_000);
  // It stays so, and is said once.
  sleeper.connection.take(snapshotAt(version + 1));
  sleeper.connection.ping();
  sleeper.connection.end();
  expect(sleeper.dropped).toBe(1);

  reader.connection.ping();
  reader.connection.end();
  await vi.waitUntil(() => reader.client.readableEnded, { timeout: 20_000 });
  expect(
    received.startsWith(
      `${HEAD}event: connected\ndata: {"reconnectAfterInactivityMs":45000}\n\n\ndata: {"json":{"kind":"snapshot"`,
    ),
  ).toBe(true);
  expect(received.endsWith('event: ping\ndata: \n\n\n')).toBe(true);
  expect(received.match(/\nid: \d+\n\n\n/g)?.map((id) => Number(/\d+/.exec(id)))).toEqual(
    Array.from({ length: version }, (_, index) => index + 1),
  );
});
