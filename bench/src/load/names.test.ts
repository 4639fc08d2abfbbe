import { searchQueriesOf } from '@evently/api/events/search-text';
import { createMulberry } from '@evently/api/mulberry';
import { expect, test } from 'vitest';
import { scribble, WORDS, wordOf } from './names.ts';

test('no two words are the same, and none begins another', () => {
  const words = Array.from({ length: WORDS }, (_, i) => wordOf(i));
  expect(new Set(words).size).toBe(WORDS);
  expect(new Set(words.map((word) => word.length))).toEqual(new Set([6]));
  expect(() => wordOf(WORDS)).toThrow(RangeError);
  expect(() => wordOf(0.5)).toThrow(RangeError);
});

test('what is typed in a hurry is always another thing, and always means the same', () => {
  const random = createMulberry(1);
  const typed = Array.from({ length: 1000 }, () => scribble('bacedi fogu', random));
  expect(new Set(typed).size).toBeGreaterThan(990);
  for (const text of typed) expect(searchQueriesOf(text)).toEqual(searchQueriesOf('bacedi fogu'));
});
