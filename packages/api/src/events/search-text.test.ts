import { expect, test } from 'vitest';
import { foldText, searchQueryOf, slugOf } from './search-text.ts';

test('accents, case and punctuation do not matter', () => {
  expect(foldText('  Dvořák — «Rusalka»! ')).toBe('dvorak rusalka');
  expect(slugOf('Dvořák in the Park')).toBe('dvorak-in-the-park');
  expect(slugOf('!!!')).toBe('event');
});

test('a query of operators and quotes is only its words, and one without words restricts nothing', () => {
  expect(searchQueryOf("jazz & !night | (x':* <-> y)")).toBe('jazz:* & night:* & x:* & y:*');
  expect(searchQueryOf(' &|! ')).toBeNull();
});

test('a query has at most twelve words', () => {
  expect(searchQueryOf('a '.repeat(1000))?.split('&')).toHaveLength(12);
});
