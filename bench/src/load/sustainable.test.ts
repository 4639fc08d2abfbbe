import { expect, test } from 'vitest';
import { findSustainable, isBorne, windowsToRecover } from './sustainable.ts';

const settings = { from: 100, most: 10_000, halvings: 5 };
const upTo = (limit: number) => {
  const tried: number[] = [];
  const isBorneAt = async (rate: number) => {
    tried.push(rate);
    return rate <= limit;
  };
  return { tried, isBorneAt };
};

test('the highest load that is borne is found from below and from above, as closely as the gap is halved', async () => {
  const found = await findSustainable(upTo(1300).isBorneAt, settings);
  expect(found).toBeLessThanOrEqual(1300);
  expect(found).toBeGreaterThan(1300 - 800 / 2 ** 5 - 1);
  expect(await findSustainable(upTo(30).isBorneAt, settings)).toBeGreaterThan(28);
});

test('no more is tried than may be, and what bears nothing is said', async () => {
  const endless = upTo(Number.POSITIVE_INFINITY);
  expect(await findSustainable(endless.isBorneAt, settings)).toBe(6400);
  expect(Math.max(...endless.tried)).toBe(6400);
  await expect(findSustainable(upTo(0).isBorneAt, settings)).rejects.toThrow('not even the smallest');
});

test('one bad moment of the machine does not end the search', async () => {
  let tries = 0;
  const moody = async (rate: number) => {
    tries += 1;
    return tries !== 2 && rate <= 800;
  };
  expect(await findSustainable(moody, { ...settings, halvings: 0 })).toBe(800);
});

const latency = (p99: number) => ({ p50: 1, p90: 1, p99, p999: p99, max: p99 });

test('a load is borne when 99 % are done and p99 is at most 150 ms', () => {
  expect(isBorne({ arrived: 100, done: 99, latency: latency(150) })).toBe(true);
  expect(isBorne({ arrived: 100, done: 98, latency: latency(10) })).toBe(false);
  expect(isBorne({ arrived: 100, done: 100, latency: latency(151) })).toBe(false);
  expect(isBorne({ arrived: 0, done: 0, latency: null })).toBe(false);
});

test('all is well again from the first of three good windows in a row, and not while good and bad ones alternate', () => {
  const good = { arrived: 100, prompt: 95 };
  const bad = { arrived: 100, prompt: 94 };
  expect(windowsToRecover([good, good, good])).toBe(0);
  expect(windowsToRecover([bad, good, good, bad, good, good, good, bad])).toBe(4);
  expect(windowsToRecover([good, good, bad, good, good])).toBeNull();
});
