import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeCursor, encodeCursor, ID_PATTERN, INSTANT_PATTERN, pageOfRows } from './cursor.ts';

const refused = expect.objectContaining({ problem: { code: 'invalid_input', issues: [expect.anything()] } });
const ID = '01a1f845-1006-73f9-9c12-5b699eb2be28';
const AT = '2026-11-20T19:30:00.000Z';

test('every key that we make reads back as it was', () => {
  const instants = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(fc.uuid(), instants, (id, at) => {
      const key = [at.toISOString(), id];
      expect(decodeCursor(encodeCursor(key), [INSTANT_PATTERN, ID_PATTERN])).toEqual(key);
    }),
  );
  expect(decodeCursor(undefined, [ID_PATTERN])).toBeNull();
});

test.each([
  ['text that is no base64', '%%%'],
  ['bytes that are no JSON', Buffer.from('{').toString('base64url')],
  ['JSON that is no list', Buffer.from(`"${ID}"`).toString('base64url')],
  ['a list of other things than text', Buffer.from('[1,2]').toString('base64url')],
  ['a key too short', encodeCursor([AT])],
  ['a key too long', encodeCursor([AT, ID, ID])],
  ['an id with more behind it', encodeCursor([AT, `${ID}\n`])],
  ['a day that does not exist', encodeCursor(['2026-02-31T00:00:00.000Z', ID])],
  ['an hour that does not exist', encodeCursor(['2026-02-01T25:00:00.000Z', ID])],
  ['a year that Postgres does not know', encodeCursor(['0000-01-01T00:00:00.000Z', ID])],
  ['an instant in another spelling', encodeCursor(['2026-11-20T19:30:00Z', ID])],
])('a cursor of %s is refused', (_what, cursor) => {
  expect(() => decodeCursor(cursor, [INSTANT_PATTERN, ID_PATTERN])).toThrow(refused);
});

test('the row too many tells that there is a next page, and is not on this one', () => {
  const page = (rows: string[], limit: number) =>
    pageOfRows(
      rows,
      limit,
      (row) => [row],
      (row) => row.toUpperCase(),
    );
  expect(page(['a', 'b', 'c'], 2)).toEqual({ items: ['A', 'B'], nextCursor: encodeCursor(['b']) });
  expect(page(['a', 'b'], 2)).toEqual({ items: ['A', 'B'], nextCursor: null });
  expect(page([], 2)).toEqual({ items: [], nextCursor: null });
});
