/**
 * A crowd that watches a show, in a process of its own: as many connections as it is told, each of which reads all it is sent.
 * It answers `Crowd` when all of them have got the whole seat map, and `collect` with what they saw since.
 */
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Crowd {
  host: string;
  port: number;
  /** What they ask for. */
  path: string;
  watchers: number;
}

/** What the crowd saw of one version of the show. Times are milliseconds of the epoch, fractions and all. */
export interface Sighting {
  version: number;
  /** How many of them were sent it. */
  seen: number;
  /** When the last of them had it. */
  lastAt: number;
  /** The seats that changed with it, by their place among the states. */
  seats: number[];
}

export interface CrowdReport {
  sightings: Sighting[];
  /** Connections that ended though nobody ended them. */
  lost: number;
}

/** Connections are opened a few at a time: how fast they can be is not measured. */
const AT_ONCE = 100;
const PATIENCE_MS = 60_000;
const LOOK_AGAIN_MS = 10;
const ID = Buffer.from('\nid: ');
const LINE_ENDS = 10;
const EVENT_ENDS = Buffer.from('\n\n\n');

const sightings = new Map<number, Sighting>();
let ready = 0;
let lost = 0;
let isOver = false;

const now = () => performance.timeOrigin + performance.now();

function see(version: number): Sighting {
  const known = sightings.get(version);
  if (known) {
    known.seen += 1;
    known.lastAt = now();
    return known;
  }
  const first = { version, seen: 1, lastAt: now(), seats: [] };
  sightings.set(version, first);
  return first;
}

/** All are sent the same, so one of them reads what it says. */
function seatsOf(event: string): number[] {
  const data = /^data: (.*)$/m.exec(event)?.[1];
  const { json } = JSON.parse(data ?? '{}') as {
    json?: { kind: string; changes?: { index: number; state: string }[] };
  };
  return json?.changes?.filter(({ state }) => state === 'b').map(({ index }) => index) ?? [];
}

function watch({ host, port, path }: Crowd, reads: boolean): void {
  let rest: Buffer = Buffer.alloc(0);
  let events = 0;
  const socket = net.connect({ host, port });
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}:${port}\r\naccept: text/event-stream\r\n\r\n`);
  socket.on('data', (piece: Buffer) => {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let from = 0;
    for (let end = bytes.indexOf(EVENT_ENDS); end >= 0; end = bytes.indexOf(EVENT_ENDS, from)) {
      const id = bytes.indexOf(ID, from);
      if (id >= 0 && id < end) {
        const version = Number(bytes.toString('latin1', id + ID.length, end));
        events += 1;
        if (events === 1) ready += 1;
        else {
          const sighting = see(version);
          if (reads) sighting.seats = seatsOf(bytes.toString('utf8', from, end));
        }
      }
      from = end + EVENT_ENDS.length;
      while (bytes[from] === LINE_ENDS) from += 1;
    }
    rest = from === 0 ? bytes : Buffer.from(bytes.subarray(from));
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    if (!isOver) lost += 1;
  });
}

async function gather(crowd: Crowd): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let opened = 0; opened < crowd.watchers; ) {
    for (let i = 0; i < AT_ONCE && opened < crowd.watchers; i += 1) {
      watch(crowd, opened === 0);
      opened += 1;
    }
    while (ready + lost < opened && performance.now() < deadline) await sleep(LOOK_AGAIN_MS);
  }
  if (ready < crowd.watchers) throw new Error(`${crowd.watchers - ready} of ${crowd.watchers} watchers saw nothing`);
}

process.on('message', (message) => {
  // The leash asks its own questions.
  if (message === 'collect') {
    isOver = true;
    process.send?.({ sightings: [...sightings.values()], lost } satisfies CrowdReport);
  } else if (typeof message === 'object' && message !== null && 'watchers' in message) {
    // Only `openCrowd` sends these.
    gather(message as Crowd).then(
      () => process.send?.('gathered'),
      (error: Error) => process.send?.({ error: error.message }),
    );
  }
});

process.on('SIGTERM', () => process.exit(0));
// The leash lets a process go that has nothing else to do; this one waits for orders.
process.channel?.ref();
