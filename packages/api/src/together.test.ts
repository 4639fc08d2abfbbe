import { expect, test } from 'vitest';
import { together } from './together.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('who comes at once is served at once; who comes meanwhile, together with all who do', async () => {
  const rounds: number[][] = [];
  const double = together(async (numbers: readonly number[]) => {
    rounds.push([...numbers]);
    await turn();
    return numbers.map((n) => 2 * n);
  }, 3);
  const first = double(1);
  await Promise.resolve();
  const others = [2, 3, 4, 5].map(double);
  expect(await Promise.all([first, ...others])).toEqual([2, 4, 6, 8, 10]);
  expect(await double(6)).toBe(12);
  expect(rounds).toEqual([[1], [2, 3, 4], [5], [6]]);
});

test('a round that fails fails for those in it, and for nobody else', async () => {
  const check = together(async (words: readonly string[]) => {
    await turn();
    if (words.includes('bad')) throw new Error('bad word');
    return words;
  }, 10);
  const bad = [check('bad'), check('its neighbour')];
  await turn();
  await Promise.allSettled(bad);
  await expect(bad[0]).rejects.toThrow('bad word');
  await expect(bad[1]).rejects.toThrow('bad word');
  expect(await check('good')).toBe('good');
});

test('who is left without a result is told so', async () => {
  const lose = together(async (items: readonly number[]) => items.slice(1), 10);
  await expect(Promise.allSettled([lose(1), lose(2)])).resolves.toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected', reason: new Error('one of several was left without a result') },
  ]);
});
