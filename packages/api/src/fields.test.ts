import { expect, test } from 'vitest';
import type { z } from 'zod';
import { amount, country, currency, id, idempotencyKey, instant, line, pageInput, text, timeZone } from './fields.ts';

const ID = '01a1f845-1006-73f9-9c12-5b699eb2be28';

test.each<[what: string, field: z.ZodType, fits: unknown[], refused: unknown[]]>([
  ['an id', id, [ID, ID.toUpperCase()], ['', '42', `${ID} `, ID.replaceAll('-', ''), 42]],
  ['an amount in minor units', amount, [0, 1, 1e12], [-1, 0.5, 1e12 + 1, Number.NaN, '1']],
  ['a currency', currency, ['EUR', 'JPY'], ['eur', 'EURO', 'QQQ', '€']],
  ['a time zone', timeZone, ['Europe/Vienna', 'UTC'], ['+01:00', 'Europe/Atlantis', '', 'x'.repeat(65)]],
  ['a country', country, ['AT'], ['at', 'AUT', 'A1', '']],
  ['an idempotency key', idempotencyKey, ['!', '~'.repeat(255), ID], ['', '~'.repeat(256), 'a b', 'é', 'a\n']],
  ['a single line', line(5), ['a', 'abcde', ' abcde '], ['', '  ', 'abcdef', 'a\nb', 'a\u0085b']],
  ['text', text(5), ['a\nb', ' abcde '], ['', ' \n ', 'abcdef']],
  ['the size of a page', pageInput.limit, [1, 100, undefined], [0, 101, 1.5, '20']],
  [
    'an instant',
    instant,
    ['2026-11-20T19:30:00Z', '2026-11-20T19:30:00.123456+23:59', '1970-01-01T00:00:00Z', '9999-12-30T23:59:59Z'],
    ['2026-11-20', '2026-11-20T19:30:00', '2026-02-30T00:00:00Z', '1969-12-31T23:59:59Z', '9999-12-31T00:00:00Z', 0],
  ],
])('%s is what it should be, and nothing else', (_what, field, fits, refused) => {
  expect(fits.filter((value) => !field.safeParse(value).success)).toEqual([]);
  expect(refused.filter((value) => field.safeParse(value).success)).toEqual([]);
});

test('ids are folded to lower case and lines are trimmed, so that what is equal compares as equal', () => {
  expect(id.parse(ID.toUpperCase())).toBe(ID);
  expect(line(5).parse(' a b ')).toBe('a b');
});
