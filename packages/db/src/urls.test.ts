import { expect, test } from 'vitest';
import { withDatabase } from './urls.ts';

test.each([
  ['postgres://ada:pw@db.example.com:5432/evently', 'postgres://ada:pw@db.example.com:5432/other'],
  [
    'postgres://ada@db.example.com:5432/evently?sslmode=require',
    'postgres://ada@db.example.com:5432/other?sslmode=require',
  ],
  [
    'postgresql:///evently?host=/run/postgresql&sslmode=disable',
    'postgresql:///other?host=/run/postgresql&sslmode=disable',
  ],
  ['postgres://db.example.com', 'postgres://db.example.com/other'],
])('of %s only the database is exchanged', (url, other) => {
  expect(withDatabase(url, 'other')).toBe(other);
});

test('a name that would read as another part of the address is escaped', () => {
  expect(withDatabase('postgres://localhost/evently?a=1', 'a/b?c')).toBe('postgres://localhost/a%2Fb%3Fc?a=1');
});
