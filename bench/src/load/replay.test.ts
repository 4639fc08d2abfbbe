import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createRenewal, type Statement, transactionOf } from './replay.ts';

const said = (connection: number, text: string, ...values: unknown[]) => ({ connection, text, values });
const BOOKS = /insert into bookings/i;

test('the transaction of a booking is found among what other connections say, and what its own says before and after', () => {
  const recorded = [
    said(1, 'SELECT session'),
    said(2, 'begin'),
    said(1, 'begin; set local x = 1'),
    said(2, 'update job'),
    said(1, 'with b as (INSERT INTO bookings …)', 'a'),
    said(2, 'commit'),
    said(1, 'insert into job'),
    said(1, 'commit'),
    said(1, 'SELECT something else'),
  ];
  expect(transactionOf(recorded, BOOKS)).toEqual([
    { text: 'begin; set local x = 1', values: [] },
    { text: 'with b as (INSERT INTO bookings …)', values: ['a'] },
    { text: 'insert into job', values: [] },
    { text: 'commit', values: [] },
  ]);
});

test('a statement in no transaction stands alone, also behind one that is over; where there is none, that is said', () => {
  const alone = said(1, 'insert into bookings', 7);
  expect(transactionOf([said(1, 'begin'), said(1, 'commit'), alone], BOOKS)).toEqual([
    { text: alone.text, values: [7] },
  ]);
  expect(() => transactionOf([said(1, 'begin'), said(1, 'commit')], BOOKS)).toThrow('no statement');
  expect(() => transactionOf('hello', BOOKS)).toThrow('nothing was recorded');
  expect(() => transactionOf([{ connection: 1 }], BOOKS)).toThrow('no statement');
});

test('what was made for a booking is made anew, wherever it stands, the same for the same; all else stays', () => {
  const [show, booking, other] = [randomUUID(), randomUUID(), randomUUID()];
  const book = (id: string): Statement[] => [
    { text: 'write', values: [show, [id, 'seat'], 3, null] },
    { text: 'enqueue', values: [JSON.stringify({ bookingIds: [id] })] },
  ];
  const renew = createRenewal(book(booking), book(other), () => randomUUID());
  const [once, again] = [renew(), renew()];
  const id = ([first]: Statement[]) => {
    const made = first?.values[1];
    return Array.isArray(made) ? String(made[0]) : expect.fail('there is no id');
  };
  expect(new Set([id(once), id(again), booking, other]).size).toBe(4);
  expect(once).toEqual(book(id(once)));
  expect(again).toEqual(book(id(again)));
});

test('what was done in two ways cannot be done again', () => {
  const first = [{ text: 'a', values: [] }];
  expect(() => createRenewal(first, [{ text: 'b', values: [] }], String)).toThrow('in two ways');
  expect(() => createRenewal(first, [...first, ...first], String)).toThrow('in two ways');
});
