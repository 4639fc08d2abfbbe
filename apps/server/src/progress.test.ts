import { expect, test } from 'vitest';
import { createProgress, silentProgress } from './progress.ts';

const ESCAPE = String.fromCharCode(27);

/** A stream that remembers what was written, without the colours, which depend on where the tests run. */
function fakeStream(isTTY: boolean) {
  const writes: string[] = [];
  const colours = new RegExp(`${ESCAPE}\\[\\d+m`, 'g');
  return { isTTY, writes, write: (text: string) => writes.push(text.replaceAll(colours, '')) };
}

test('to a file or a pipe goes one plain line per step, when it is done', async () => {
  const out = fakeStream(false);
  const progress = createProgress(out);
  const answer = await progress.step('Make tea', async (report) => {
    report(1, 2);
    report(2, 2);
    return 42;
  });
  expect(answer).toBe(42);
  expect(out.writes).toHaveLength(1);
  expect(out.writes[0]).toMatch(/^ {2}✓ Make tea \d+ ms\n$/);
  expect(out.writes[0]).not.toContain(ESCAPE);
});

test('in a terminal the running step is redrawn in place, with a bar as it comes along', async () => {
  const out = fakeStream(true);
  await createProgress(out).step('Make tea', async (report) => {
    report(0, 2);
    report(1, 2);
    report(2, 2);
  });
  // Each wipes what stood there before.
  const wipe = `\r${ESCAPE}[K`;
  expect(out.writes.slice(0, 5)).toEqual([
    `${wipe}  … Make tea`,
    `${wipe}  … Make tea ${'░'.repeat(24)} 0/2`,
    `${wipe}  … Make tea ${'█'.repeat(12)}${'░'.repeat(12)} 1/2`,
    `${wipe}  … Make tea ${'█'.repeat(24)} 2/2`,
    wipe,
  ]);
  expect(out.writes[5]).toMatch(/^ {2}✓ Make tea \d+ ms\n$/);
  expect(out.writes).toHaveLength(6);
});

test('a step of which nothing is to be done shows a full bar', async () => {
  const out = fakeStream(true);
  await createProgress(out).step('Make tea', async (report) => report(0, 0));
  expect(out.writes.some((text) => text.includes('█'.repeat(24)) && text.includes('0/0'))).toBe(true);
});

test('a step that fails is marked, and throws on', async () => {
  const out = fakeStream(false);
  const failure = new Error('no water');
  await expect(createProgress(out).step('Make tea', () => Promise.reject(failure))).rejects.toBe(failure);
  expect(out.writes).toEqual(['  ✗ Make tea\n']);
});

test('after being told to stop, no further step begins', async () => {
  const stopping = new AbortController();
  const out = fakeStream(false);
  const progress = createProgress(out, stopping.signal);
  let drunk = false;
  await progress.step('Make tea', async () => stopping.abort(new Error('enough')));
  const drink = progress.step('Drink it', async () => {
    drunk = true;
  });
  await expect(drink).rejects.toThrow('enough');
  expect(drunk).toBe(false);
  expect(out.writes).toHaveLength(1);
});

test('steps that nobody watches are done all the same', async () => {
  expect(await silentProgress.step('Make tea', async () => 42)).toBe(42);
});
