import { expect, test } from 'vitest';
import { applyChanges, changesBetween, countSections, createRate, soldBetween } from './numbers.js';
import type { Layout, Show } from './types.d.ts';

const price = { amount: 1000, currency: 'EUR' };
const seat = { number: '1', x: 0, y: 0 };
const layout: Layout = {
  seatCount: 4,
  sections: [
    { sectionId: 'floor', name: 'Floor', rows: [] },
    {
      sectionId: 'left',
      name: 'Left',
      rows: [
        {
          row: '1',
          seats: [
            { seatId: 'a', ...seat },
            { seatId: 'b', ...seat },
          ],
        },
      ],
    },
    {
      sectionId: 'right',
      name: 'Right',
      rows: [
        {
          row: '1',
          seats: [
            { seatId: 'c', ...seat },
            { seatId: 'd', ...seat },
          ],
        },
      ],
    },
  ],
};
const section = (sectionId: string, kind: 'seated' | 'standing', capacity: number) => ({
  ...{ sectionId, name: sectionId, kind, capacity, price, available: capacity },
});
const show: Show = {
  id: 's',
  eventId: 'e',
  venue: { name: 'Hall', city: 'Vienna', timeZone: 'Europe/Vienna' },
  startsAt: '2026-12-01T19:00:00Z',
  status: 'scheduled',
  sections: [section('right', 'seated', 2), section('floor', 'standing', 10), section('left', 'seated', 2)],
};
const count = (states: string, floor: number) =>
  countSections(show, layout, states, [{ sectionId: 'floor', available: floor }]);

test('seats are counted by what they are, section by section, in whichever order they are sold', () => {
  expect(count('ahbx', 4).map(({ name, held, sold, taken }) => [name, held, sold, taken])).toEqual([
    ['right', 0, 1, 1],
    ['floor', null, null, 6],
    ['left', 1, 0, 1],
  ]);
});

test('what is paid is sold, what is held is not yet, and what is given back sells nothing', () => {
  expect(soldBetween(count('aaaa', 10), count('hhaa', 10))).toBe(0);
  expect(soldBetween(count('hhaa', 10), count('bbaa', 7))).toBe(5);
  expect(soldBetween(count('bbaa', 7), count('aaaa', 10))).toBe(0);
});

test('sales are told by the second for a minute, the one that is not over left out', () => {
  const rate = createRate();
  rate.add(3, 5_100);
  rate.add(4, 5_900);
  rate.add(1, 6_000);
  expect(rate.bySecond(6_500).slice(-2)).toEqual([0, 7]);
  expect(rate.bySecond(64_900).slice(0, 2)).toEqual([0, 7]);
  expect(rate.bySecond(66_000).slice(0, 2)).toEqual([1, 0]);
});

test('changes lead from one state to the other, and are found again between them', () => {
  const changes = [
    { index: 1, state: 'b' as const },
    { index: 3, state: 'h' as const },
  ];
  expect(applyChanges('aaaa', changes)).toBe('abah');
  expect(changesBetween('aaaa', 'abah')).toEqual(changes);
});
