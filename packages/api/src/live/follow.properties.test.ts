import { newId } from '@evently/db/ids';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from '../box-office/decide/decide.ts';
import type { Changes } from '../box-office/inventory.ts';
import type { BoxOfficeRequest } from '../box-office/requests.ts';
import { applyChanges, claimOf, createWorld, inventoryOf, NOW, type World } from '../box-office/testing-world.ts';
import { beginTelling, catchUp, type ShowFacts, type Told, tellNext } from './audience.ts';
import { adopt, createFollower, type Follower, hear, isConnected, type SeatMap } from './follow.ts';
import { deltaOf, joinDeltas, type SeatDelta } from './seat-delta.ts';
import { type WatchEvent, watchOutput } from './watch-events.ts';

const request = fc.record({
  kind: fc.constantFrom(...(['hold', 'book', 'release', 'cancel', 'block', 'unblock', 'capacity'] as const)),
  seats: fc.array(fc.nat(7), { maxLength: 3 }),
  quantity: fc.nat(2),
  pick: fc.nat(20),
});
const batch = fc.record({ requests: fc.array(request, { maxLength: 5 }), pause: fc.nat(400) });
/** What happens next: a sale, or something between two processes and those who watch. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('batch' as const), batch, server: fc.nat(1) }),
  fc.record({
    kind: fc.constantFrom(...(['deliver', 'deliver', 'lose', 'read', 'answer', 'tell', 'tell', 'move'] as const)),
    server: fc.nat(1),
    pick: fc.nat(20),
  }),
);

const userId = newId();

function requestOf(
  world: World,
  { kind, seats, quantity, pick }: typeof request extends fc.Arbitrary<infer T> ? T : never,
): BoxOfficeRequest {
  const all = [...world.seats.keys()];
  const seatIds = [...new Set(seats.map((n) => all[n % all.length]!))];
  const sectionIds = [...world.sections.keys()];
  const sectionId = sectionIds[pick % sectionIds.length]!;
  const booking = [...world.bookings.values()][pick % Math.max(1, world.bookings.size)];
  const of = { bookingId: booking?.id ?? newId(7), userId };
  if (kind === 'hold' || kind === 'book') {
    const sections = quantity > 0 || seatIds.length === 0 ? [{ sectionId, quantity: quantity + 1 }] : [];
    return claimOf({ kind, userId, seatIds, sections });
  }
  if (kind === 'release') return { kind, ...of };
  if (kind === 'cancel')
    return { kind, ...of, actor: 'admin', reason: null, ticketIds: null, refund: 'full', refundId: newId(7) };
  if (kind === 'capacity') return { kind: 'set-capacity', sectionId, capacity: quantity + 3 };
  return { kind, seatIds };
}

/** The truth, read off the tickets and blocks: nothing of what is tested here has a part in it. */
function truthOf(world: World): { states: string; available: [string, number][] } {
  const tickets = [...world.bookings.values()].flatMap((booking) => booking.tickets);
  const states = [...world.seats.keys()].map((seatId) => {
    const live = tickets.find((ticket) => ticket.seatId === seatId && ticket.status !== 'void');
    return live ? (live.status === 'held' ? 'h' : 'b') : world.blocked.has(seatId) ? 'x' : 'a';
  });
  const available = [...world.sections.values()].map(({ sectionId, ...s }): [string, number] => [
    sectionId,
    s.capacity - s.held - s.sold - s.blocked,
  ]);
  return { states: states.join(''), available };
}

const isWritten = ({ history, blockedSeats, unblockedSeats, sections }: Changes) =>
  history.length + blockedSeats.length + unblockedSeats.length + sections.length > 0;

interface Server {
  follower: Follower;
  told: Told | null;
  /** Told by the other process, on its way. */
  news: SeatDelta[];
  /** A reading that is under way: what it saw, and the map's version when it began. */
  reading: { map: SeatMap; before: number | null } | null;
}

/** Somebody who watches and knows nothing but what they were sent. */
class Client {
  server = 0;
  version: number | null = null;
  states: string[] = [];
  available = new Map<string, number>();

  take({ version, data }: WatchEvent): void {
    expect(watchOutput.parse(data)).toEqual(data);
    if (data.kind === 'snapshot') this.states = [...data.states];
    else for (const { index, state } of data.changes) this.states[index] = state;
    this.available = new Map(data.sections.map(({ sectionId, available }) => [sectionId, available]));
    this.version = version;
  }
}

test('whatever is lost, late, doubled or read in between: a map is what the show was at its version, and so is what is told', () => {
  let told = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50, size: 'max' }), (steps) => {
      let world = createWorld({ standing: [5], seated: [{ rows: 2, seats: 4 }] });
      let now = NOW;
      let version = 0;
      const seatIds = [...world.seats.keys()];
      const facts: ShowFacts = { showId: world.show.id, layoutVersion: 1, seatIds };
      const truths = [truthOf(world)];
      const readNow = (): SeatMap => ({
        version,
        states: Buffer.from(truths[version]!.states),
        available: new Map(truths[version]!.available),
      });
      const servers = [0, 1].map((): Server => ({ follower: createFollower(), told: null, news: [], reading: null }));
      const clients = [new Client(), new Client()];
      const checkMap = ({ map }: Follower) => {
        if (!map) return;
        expect({ states: map.states.toString(), available: [...map.available] }).toEqual(truths[map.version]);
      };
      const checkClient = (client: Client) => {
        if (client.version === null) return;
        expect({ states: client.states.join(''), available: [...client.available] }).toEqual(truths[client.version]);
      };
      const tell = (index: number) => {
        const { follower, told: known } = servers[index]!;
        const event = known && follower.map && tellNext(known, follower, follower.map, facts);
        if (!event) return;
        told += 1;
        for (const client of clients) if (client.server === index && client.version !== null) client.take(event);
      };
      const join = (client: Client, index: number) => {
        const server = servers[index]!;
        const { map } = server.follower;
        if (!map) return;
        server.told ??= beginTelling(server.follower, map);
        client.server = index;
        for (const event of catchUp(server.told, map, client.version, facts)) client.take(event);
      };
      adopt(servers[0]!.follower, readNow(), null);
      join(clients[0]!, 0);
      for (const next of steps) {
        const server = servers[next.server]!;
        if (next.kind === 'batch') {
          now = new Date(now.getTime() + next.batch.pause * 1000);
          const requests = next.batch.requests.map((one) => requestOf(world, one));
          const { changes } = decide(inventoryOf(world, now), requests, now);
          if (!isWritten(changes)) continue;
          const delta = deltaOf(changes, { version, sections: world.sections }, (id) => seatIds.indexOf(id));
          world = applyChanges(world, changes);
          truths.push(truthOf(world));
          version += 1;
          if (!delta) throw new Error('nobody waits here');
          hear(server.follower, [delta]);
          servers[1 - next.server]!.news.push(delta);
        } else if (next.kind === 'deliver') {
          // Some of it, in any order, joined as it is joined on the way; and what came once may come again.
          const count = 1 + (next.pick % 3);
          hear(server.follower, joinDeltas(server.news.splice(next.pick % Math.max(1, server.news.length), count)));
          if (next.pick % 5 === 0) hear(server.follower, joinDeltas(server.news.slice(0, count)));
        } else if (next.kind === 'lose') server.news.splice(next.pick % Math.max(1, server.news.length), 1);
        else if (next.kind === 'read')
          server.reading ??= { map: readNow(), before: server.follower.map?.version ?? null };
        else if (next.kind === 'answer') {
          if (server.reading) adopt(server.follower, server.reading.map, server.reading.before);
          server.reading = null;
        } else if (next.kind === 'tell') tell(next.server);
        else join(clients[next.pick % 2]!, next.server);
        for (const { follower } of servers) checkMap(follower);
        for (const client of clients) checkClient(client);
      }
      // In the end everybody is compared with the database.
      for (const [index, { follower }] of servers.entries()) {
        adopt(follower, readNow(), follower.map?.version ?? null);
        expect(isConnected(follower)).toBe(true);
        checkMap(follower);
        expect(follower.map?.version).toBe(version);
        tell(index);
      }
      for (const client of clients) {
        if (client.version === null) continue;
        expect({ states: client.states.join(''), available: [...client.available] }).toEqual(truths[version]);
      }
    }),
    { numRuns: 400 },
  );
  expect(told).toBeGreaterThan(300);
});

test('a database that lost commits is right: what it has now is told, and whoever knew more is sent all of it', () => {
  const follower = createFollower();
  const map = (version: number, states: string) => ({
    version,
    states: Buffer.from(states),
    available: new Map([['s', 1]]),
  });
  const facts = { showId: 's', layoutVersion: 1, seatIds: ['x', 'y'] };
  adopt(follower, map(7, 'ba'), null);
  const told = beginTelling(follower, follower.map!);
  hear(follower, [{ from: 7, to: 9, seats: [[1, 'h']], sections: [] }]);
  expect(tellNext(told, follower, follower.map!, facts)?.version).toBe(9);
  // This began before the news came, and is no sign of anything.
  adopt(follower, map(8, 'ba'), 7);
  expect(follower.map?.version).toBe(9);
  adopt(follower, map(8, 'bb'), 9);
  expect(isConnected(follower)).toBe(true);
  const event = tellNext(told, follower, follower.map!, facts);
  expect(event?.data).toMatchObject({ kind: 'delta', version: 8, changes: [{ index: 1, state: 'b' }] });
  expect(catchUp(told, follower.map!, 9, facts)).toMatchObject([{ data: { kind: 'snapshot', states: 'bb' } }]);
});

test('what would take longer than a snapshot is sent as one, and whoever missed much is, too', () => {
  const seats = 40_000;
  const follower = createFollower();
  const facts = { showId: 's', layoutVersion: 1, seatIds: Array.from({ length: seats }, (_, n) => `${n}`) };
  adopt(follower, { version: 0, states: Buffer.alloc(seats, 'a'), available: new Map() }, null);
  const told = beginTelling(follower, follower.map!);
  const change = (from: number, count: number) => {
    const taken = Array.from({ length: count }, (_, n): [number, 'b'] => [from * 700 + n, 'b']);
    hear(follower, [{ from, to: from + 1, seats: taken, sections: [] }]);
    return tellNext(told, follower, follower.map!, facts);
  };
  for (const from of [0, 1, 2]) expect(change(from, 300)?.data.kind).toBe('delta');
  expect(catchUp(told, follower.map!, 2, facts)).toHaveLength(1);
  expect(catchUp(told, follower.map!, 2, facts)[0]?.data.kind).toBe('delta');
  expect(catchUp(told, follower.map!, 0, facts)).toMatchObject([{ version: 3, data: { kind: 'snapshot' } }]);
  expect(change(3, 600)?.data.kind).toBe('snapshot');
});

test('over what was never told, nobody is led who saw something of it elsewhere', () => {
  const follower = createFollower();
  const facts = { showId: 's', layoutVersion: 1, seatIds: ['x', 'y'] };
  const read = (version: number, states: string) =>
    adopt(follower, { version, states: Buffer.from(states), available: new Map() }, follower.map?.version ?? null);
  read(1, 'aa');
  const told = beginTelling(follower, follower.map!);
  // At 2 the first seat was held, at 3 it is free again and the other one held: we heard of neither, and read it.
  read(3, 'ah');
  expect(tellNext(told, follower, follower.map!, facts)?.data).toMatchObject({ changes: [{ index: 1, state: 'h' }] });
  expect(catchUp(told, follower.map!, 1, facts)).toMatchObject([{ data: { kind: 'delta' } }]);
  expect(catchUp(told, follower.map!, 2, facts)).toMatchObject([{ data: { kind: 'snapshot' } }]);
});

test('a seat that was given out and taken back within a batch is seen as the batch leaves it', () => {
  const world = createWorld({ seated: [{ rows: 1, seats: 1 }] });
  const [seatId = ''] = world.seats.keys();
  const hold = claimOf({ kind: 'hold', userId, seatIds: [seatId] });
  const release = { kind: 'release' as const, bookingId: hold.bookingId, userId };
  const play = (...requests: BoxOfficeRequest[]) => {
    const { changes } = decide(inventoryOf(world), requests, NOW);
    return deltaOf(changes, { version: 0, sections: world.sections }, () => 0)
      ?.seats.map(([, state]) => state)
      .join('');
  };
  expect(play(hold)).toBe('h');
  expect(play(hold, release)).toBe('');
  expect(play(hold, release, { kind: 'block', seatIds: [seatId] })).toBe('x');
  world.blocked.add(seatId);
  for (const [id, section] of world.sections) world.sections.set(id, { ...section, blocked: 1 });
  expect(play({ kind: 'unblock', seatIds: [seatId] })).toBe('a');
  expect(play({ kind: 'unblock', seatIds: [seatId] }, hold)).toBe('h');
  // It is kept back before and after: nothing is seen of what came between.
  expect(play({ kind: 'unblock', seatIds: [seatId] }, hold, release, { kind: 'block', seatIds: [seatId] })).toBe('');
});
