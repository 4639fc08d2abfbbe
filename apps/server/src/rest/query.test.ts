import { expect, test } from 'vitest';
import { readQuery } from './query.ts';

const fields = { limit: { type: 'integer' }, on: { type: 'boolean' }, ids: { type: 'array' }, q: { type: 'string' } };

test('fields become what their schema says', () => {
  expect(readQuery({ limit: '20', on: 'true', ids: 'a,b', q: '20' }, fields)).toEqual({
    limit: 20,
    on: true,
    ids: ['a', 'b'],
    q: '20',
  });
  expect(readQuery({ ids: ['a', 'b'] }, fields)).toEqual({ ids: ['a', 'b'] });
});

test('what does not look like it stays text, for the schema to refuse', () => {
  expect(readQuery({ limit: '0x10', on: 'yes' }, fields)).toEqual({ limit: '0x10', on: 'yes' });
  expect(readQuery({ limit: '', unknown: '1' }, fields)).toEqual({ limit: '', unknown: '1' });
  expect(readQuery({ limit: ['1', '2'] }, fields)).toEqual({ limit: ['1', '2'] });
});
