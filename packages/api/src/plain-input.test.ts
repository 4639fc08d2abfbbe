import { expect, test } from 'vitest';
import { findForbidden } from './plain-input.ts';

/** `depth` lists within each other, around a value. */
const nested = (depth: number, value: unknown): unknown => (depth === 0 ? value : [nested(depth - 1, value)]);

test.each([
  ['nothing', undefined],
  ['null, numbers and flags', { a: null, b: [1, true] }],
  ['text of any language, and emoji', { clé: ['Dvořák', '日本', '👩‍👩‍👧'] }],
  ['sixteen levels', nested(16, 'x')],
])('%s may be an input', (_what, value) => {
  expect(findForbidden(value)).toBeNull();
});

test.each([
  ['U+0000 in a text', { a: { b: ['fine', 'x\0'] } }, 'a.b.1', 'must not contain the character U+0000'],
  ['U+0000 in a key', { a: { 'x\0': 1 } }, 'a', 'must not contain the character U+0000'],
  ['half a surrogate pair', { a: '\ud83d' }, 'a', 'is not well-formed Unicode'],
  ['half a surrogate pair in a key', { '\udc00': 1 }, '', 'is not well-formed Unicode'],
  ['a __proto__ key', JSON.parse('{"a":{"__proto__":{}}}'), 'a.__proto__', 'is not a field'],
  ['seventeen levels', nested(17, 'x'), '', 'is nested more than 16 levels deep'],
])('%s is found where it stands', (_what, value, path, message) => {
  expect(findForbidden(value)).toEqual({ path, message });
});
