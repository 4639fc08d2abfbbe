import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type LoopSettings, runClosedLoop } from './closed-loop.ts';

const settings: LoopSettings = {
  connections: 4,
  rampMs: 0,
  windowMs: 100,
  signal: new AbortController().signal,
};

test('each connection has one attempt under way at a time, and all of them run at once', async () => {
  const underWay = new Map<number, number>();
  let most = 0;
  const { done, failures } = await runClosedLoop(async (connection) => {
    expect(underWay.get(connection) ?? 0).toBe(0);
    underWay.set(connection, 1);
    most = Math.max(
      most,
      [...underWay.values()].reduce((sum, count) => sum + count, 0),
    );
    await sleep(1);
    underWay.set(connection, 0);
    return 'done';
  }, settings);
  expect(failures).toEqual([]);
  expect(most).toBe(4);
  expect(done).toBeGreaterThan(4);
});

test('what is done and what is refused are counted apart; only what is done has a latency', async () => {
  let attempts = 0;
  const phase = await runClosedLoop(async () => {
    attempts += 1;
    const refused = attempts % 2 === 0;
    await sleep(1);
    return refused ? { refused: 'sold_out' } : 'done';
  }, settings);
  expect(phase.refused.sold_out).toBeGreaterThan(0);
  expect(phase.latencies.histogram.totalCount).toBe(phase.done);
  expect(phase.done + (phase.refused.sold_out ?? 0)).toBeLessThanOrEqual(attempts);
  expect(phase.attempts).toBe(attempts);
});

test('what ends outside of the window does not count, but is waited for', async () => {
  let ended = 0;
  const step = async () => {
    await sleep(60);
    ended += 1;
    return 'done' as const;
  };
  expect((await runClosedLoop(step, { ...settings, windowMs: 10 })).done).toBe(0);
  expect(ended).toBe(4);
  // Whatever ends before the ramp is over is too early.
  expect((await runClosedLoop(step, { ...settings, rampMs: 5000, windowMs: -4900 })).done).toBe(0);
});

test('a target that fails again and again is soon left alone, and its words are kept', async () => {
  const { done, failures } = await runClosedLoop(
    async () => {
      await sleep(0);
      throw new Error('the server speaks in riddles');
    },
    { ...settings, windowMs: 60_000 },
  );
  expect(done).toBe(0);
  expect(failures.length).toBeGreaterThanOrEqual(20);
  expect(failures.length).toBeLessThan(20 + settings.connections);
  expect(failures[0]).toBe('the server speaks in riddles');
});

test('a run that is stopped ends at once, with the reason', async () => {
  const stopping = new AbortController();
  const run = runClosedLoop(
    async () => {
      await sleep(1);
      stopping.abort(new Error('stopped by SIGINT'));
      return 'done';
    },
    { ...settings, windowMs: 60_000, signal: stopping.signal },
  );
  await expect(run).rejects.toThrow('stopped by SIGINT');
});
