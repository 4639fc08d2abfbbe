import { expect, test } from 'vitest';
import { foldText, searchQueriesOf, slugOf } from './search-text.ts';

test('accents, case and punctuation do not matter', () => {
  expect(foldText('  Dvořák — «Rusalka»! ')).toBe('dvorak rusalka');
  expect(slugOf('Dvořák in the Park')).toBe('dvorak-in-the-park');
  expect(slugOf('!!!')).toBe('event');
});

test('a query of operators and quotes is only its words, and one without words restricts nothing', () => {
  expect(searchQueriesOf("jazz & !night | (x':* <-> y)")).toEqual([
    'jazz & night & x & y:*',
    'jazz:* & night:* & x:* & y:*',
  ]);
  expect(searchQueriesOf(' &|! ')).toEqual([]);
});

test('a query has at most twelve words', () => {
  for (const search of searchQueriesOf('a '.repeat(1000))) expect(search.split('&')).toHaveLength(12);
});

test('a single word is looked for in one way', () => {
  expect(searchQueriesOf('rusa')).toEqual(['rusa:*']);
});
