import { expect, test } from 'vitest';
import type { SeatMaps } from './seat-maps.ts';
import type { WatchEvent, Watcher } from './watch-events.ts';
import { watchSeats } from './watch-seats.ts';

const eventAt = (version: number): WatchEvent => ({
  version,
  data: { kind: 'delta', version, changes: [], sections: [] },
});

/** Seat maps of one show, whose events a test hands out. */
function handing() {
  const joined: { lastVersion: number | null; watcher: Watcher; hasLeft: boolean }[] = [];
  const seatMaps: SeatMaps = {
    read: () => Promise.reject(new Error('nobody reads')),
    watch: async (_showId, lastVersion) => (watcher) => {
      const one = { lastVersion, watcher, hasLeft: false };
      joined.push(one);
      return () => {
        one.hasLeft = true;
      };
    },
    countWatched: () => 0,
    close: () => undefined,
  };
  return { joined, seatMaps };
}

test('a reader who falls behind loses nothing but what lies in between: they come back from where they were', async () => {
  const { joined, seatMaps } = handing();
  const reader = (await watchSeats(seatMaps, { showId: 's', lastEventId: '4' }, undefined))[Symbol.asyncIterator]();
  const first = reader.next();
  await expect.poll(() => joined.length).toBe(1);
  expect(joined[0]?.lastVersion).toBe(4);
  joined[0]?.watcher.take(eventAt(5));
  expect((await first).value).toEqual(eventAt(5));
  for (let version = 6; version < 200; version += 1) joined[0]?.watcher.take(eventAt(version));
  const next = reader.next();
  await expect.poll(() => joined.length).toBe(2);
  expect(joined).toMatchObject([{ hasLeft: true }, { lastVersion: 5, hasLeft: false }]);
  joined[1]?.watcher.take(eventAt(300));
  expect((await next).value).toEqual(eventAt(300));
  await reader.return?.();
  expect(joined[1]?.hasLeft).toBe(true);
});

test('who is called off while nothing happens, leaves', async () => {
  const { joined, seatMaps } = handing();
  const calling = new AbortController();
  const reader = (await watchSeats(seatMaps, { showId: 's' }, calling.signal))[Symbol.asyncIterator]();
  const next = reader.next();
  await expect.poll(() => joined.length).toBe(1);
  calling.abort();
  expect(await next).toMatchObject({ done: true });
  expect(joined[0]?.hasLeft).toBe(true);
});
