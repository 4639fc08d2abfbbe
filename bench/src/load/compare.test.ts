import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Stage } from '../scenario.ts';
import { compare, type Side } from './compare.ts';

const stage: Stage = {
  plan: {
    seconds: 0.1,
    rounds: 2,
    warmUpSeconds: 0.02,
    connections: 2,
    grown: { events: 0, bookings: 0 },
    mostPerSecond: 1,
  },
  signal: new AbortController().signal,
  progress: { show: () => undefined, line: () => undefined },
  opened: new AsyncDisposableStack(),
  folder: '',
  profileFolder: null,
  facts: { postgres: null },
};

/** A side that takes down when it is driven and when it comes to rest. */
function sideOf(name: string, seen: string[], step: Side['step'] = async () => 'done'): Side {
  return {
    name,
    unit: 'bookings',
    step: async (connection) => {
      if (seen.at(-1) !== name) seen.push(name);
      await sleep(1);
      return await step(connection);
    },
    calm: async () => {
      seen.push(`${name} rests`);
    },
  };
}

test('sides take turns, the other first, and each comes to rest before the next one is driven', async () => {
  const seen: string[] = [];
  const { ours, other, ratios } = await compare(stage, sideOf('ours', seen), sideOf('theirs', seen));
  const turn = ['theirs', 'theirs rests', 'ours', 'ours rests'];
  // Warming up may take several phases, but no other order.
  expect(seen.slice(-turn.length * 2)).toEqual([...turn, ...turn]);
  expect(seen.indexOf('ours')).toBeGreaterThan(seen.lastIndexOf('theirs rests', seen.indexOf('ours')));
  expect(ratios).toHaveLength(2);
  expect([ours.name, ours.rates.length, other.name]).toEqual(['ours', 2, 'theirs']);
});

test('what an attempt costs the other end is known where it can tell, and not counted while it rests', async () => {
  let attempts = 0;
  let rested = 0;
  const telling: Side = {
    ...sideOf('ours', []),
    step: async () => {
      await sleep(1);
      attempts += 1;
      return 'done';
    },
    cpuMs: async () => attempts * 3 + rested,
    calm: async () => {
      rested += 1000;
    },
  };
  const { ours, other } = await compare(stage, telling, sideOf('theirs', []));
  expect(ours.cpuMs).toBeCloseTo(3);
  expect(other.cpuMs).toBeNull();
});

test('refusals are counted, wrong answers are kept with the name of the side', async () => {
  let calls = 0;
  const moody = sideOf('ours', [], async () => {
    calls += 1;
    if (calls === 7) throw new Error('the server speaks in riddles');
    return calls % 2 === 0 ? 'done' : { refused: 'sold_out' };
  });
  const { ours, failures } = await compare(stage, moody, sideOf('theirs', []));
  expect(ours.refused.sold_out).toBeGreaterThan(0);
  expect(failures).toEqual(['ours: the server speaks in riddles']);
});

test('a side that is only ever refused is no side to compare with', async () => {
  const closed = sideOf('ours', [], async () => ({ refused: 'not_on_sale' }));
  await expect(compare(stage, closed, sideOf('theirs', []))).rejects.toThrow('ours: nothing was done {"not_on_sale":');
});
