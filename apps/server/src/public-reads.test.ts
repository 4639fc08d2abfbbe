import { createChanges } from '@evently/api/changes';
import { noMetrics } from '@evently/api/metrics';
import { noSharedCache } from '@evently/api/shared-cache';
import { expect, test } from 'vitest';
import { createPublicReads, type PublicRead } from './public-reads.ts';

const SHOW = '01990000-0000-7000-8000-000000000001';
const EVENT = '01990000-0000-7000-8000-000000000002';
const OTHER = '01990000-0000-7000-8000-000000000003';
const SEATS: PublicRead = { about: 'show' };
const PAGE: PublicRead = { about: 'event' };
const LIST: PublicRead = { about: 'listings' };

/** Reads over a database that answers when it is told to, with the number of the question. */
function open() {
  const changes = createChanges({ error: () => undefined });
  const plan = { showId: SHOW, eventId: EVENT, shard: 0, sectionIds: new Set<string>() };
  const layout = { layoutVersion: 1, sections: [], seats: new Map() };
  const plans = { find: async () => ({ ...plan, layout }) };
  const reads = createPublicReads({ changes, plans, metrics: noMetrics }, noSharedCache);
  const waiting: (() => void)[] = [];
  let asked = 0;
  const ask = () =>
    new Promise<string>((resolve) => {
      asked += 1;
      const answer = String(asked);
      waiting.push(() => resolve(answer));
    });
  const get = async (url: string, about: PublicRead = SEATS) => {
    const input = about === PAGE ? { eventId: EVENT } : { showId: SHOW };
    const kept = reads.find(url) ?? (await reads.load(url, about, input, ask));
    return kept.body.toString();
  };
  /** Lets the database answer all that it was asked so far. */
  const answerAll = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    for (const resolve of waiting.splice(0)) resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { changes, get, answerAll, count: () => asked };
}

test('however many ask at the same time, the database is asked once', async () => {
  const { get, answerAll, count } = open();
  const all = Array.from({ length: 100 }, () => get('/states'));
  await answerAll();
  expect(new Set(await Promise.all(all))).toEqual(new Set(['1']));
  expect(await get('/states')).toBe('1');
  expect(count()).toBe(1);
});

test.each([
  ['the show itself', { kind: 'show', showId: SHOW, eventId: EVENT }, true],
  ['its event', { kind: 'event', eventId: EVENT }, true],
  ['anything', { kind: 'all' }, true],
  ['another show', { kind: 'show', showId: OTHER, eventId: OTHER }, false],
  ['the lists', { kind: 'listings' }, false],
] as const)("after a change of %s, a show's answer is kept no longer: %o %s", async (_what, change, isForgotten) => {
  const { changes, get, answerAll } = open();
  const first = get('/states');
  await answerAll();
  await first;
  changes.tell(change);
  const second = get('/states');
  await answerAll();
  expect(await second).toBe(isForgotten ? '2' : '1');
});

test("a sale changes the event's page, and a new date the lists", async () => {
  const { changes, get, answerAll } = open();
  const before = [get('/event', PAGE), get('/list', LIST)];
  await answerAll();
  await Promise.all(before);
  changes.tell({ kind: 'show', showId: SHOW, eventId: EVENT });
  const page = get('/event', PAGE);
  expect(await get('/list', LIST)).toBe('2');
  await answerAll();
  expect(await page).toBe('3');
  changes.tell({ kind: 'listings' });
  const list = get('/list', LIST);
  await answerAll();
  expect(await list).toBe('4');
});

test('who asks after a change waits for an answer that was read after it, together with all who do', async () => {
  const { changes, get, answerAll, count } = open();
  const early = get('/states');
  await new Promise((resolve) => setImmediate(resolve));
  changes.tell({ kind: 'show', showId: SHOW, eventId: EVENT });
  const late = Array.from({ length: 10 }, () => get('/states'));
  await answerAll();
  expect(await early).toBe('1');
  await answerAll();
  expect(new Set(await Promise.all(late))).toEqual(new Set(['2']));
  expect(await get('/states')).toBe('2');
  expect(count()).toBe(2);
});

test('a question that failed is asked anew by who comes next', async () => {
  const changes = createChanges({ error: () => undefined });
  const reads = createPublicReads({ changes, plans: { find: async () => null }, metrics: noMetrics }, noSharedCache);
  const fails = async (): Promise<string> => {
    throw new Error('no such show');
  };
  await expect(reads.load('/x', SEATS, { showId: 'x' }, fails)).rejects.toThrow('no such show');
  expect((await reads.load('/x', SEATS, { showId: 'x' }, async () => 'found')).body.toString()).toBe('found');
});

test('an answer that was read before a change is given to who waited for it, and not kept', async () => {
  const { changes, get, answerAll } = open();
  const early = get('/states');
  await new Promise((resolve) => setImmediate(resolve));
  changes.tell({ kind: 'show', showId: SHOW, eventId: EVENT });
  await answerAll();
  expect(await early).toBe('1');
  const late = get('/states');
  await answerAll();
  expect(await late).toBe('2');
});
