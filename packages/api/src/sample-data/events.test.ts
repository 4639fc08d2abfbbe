import { expect, test } from 'vitest';
import { type SampleShow, sampleEvents } from './events.ts';
import { instantOfAppointment } from './local-time.ts';
import { sampleVenues } from './venues.ts';

const shows = sampleEvents.flatMap((event) => event.shows.map((show) => ({ ...show, event })));
const DAY_MS = 86_400_000;

/** Every weekday, in the seasons when clocks change on either side of the Atlantic. */
const nows = ['2026-02-20', '2026-07-01', '2026-10-01', '2026-12-24'].flatMap((day) =>
  Array.from({ length: 7 }, (_, days) => new Date(Date.parse(`${day}T23:15:00Z`) + days * DAY_MS)),
);

const startOf = (show: SampleShow, now: Date) =>
  instantOfAppointment(show.start, now, sampleVenues[show.venue].timeZone).getTime();

test('there are a dozen events and more, of many kinds, in many cities and currencies', () => {
  const venues = shows.map(({ venue }) => sampleVenues[venue]);
  expect(sampleEvents.length).toBeGreaterThanOrEqual(12);
  expect(sampleEvents.length).toBeLessThanOrEqual(14);
  expect(new Set(sampleEvents.map(({ category }) => category)).size).toBeGreaterThanOrEqual(8);
  expect(new Set(venues.map(({ city }) => city))).toEqual(
    new Set(['Vienna', 'Graz', 'Berlin', 'Prague', 'Lisbon', 'London', 'New York']),
  );
  expect(new Set(venues.map(({ currency }) => currency))).toEqual(new Set(['EUR', 'CZK', 'GBP', 'USD']));
  expect(new Set(shows.map(({ venue }) => venue)).size).toBe(Object.keys(sampleVenues).length);
});

test('keys and names are unique, and every event is described and tagged', () => {
  expect(new Set(sampleEvents.map(({ key }) => key)).size).toBe(sampleEvents.length);
  expect(new Set(sampleEvents.map(({ name }) => name)).size).toBe(sampleEvents.length);
  for (const { description, tags } of sampleEvents) {
    expect(description.length).toBeGreaterThan(100);
    expect(tags.length).toBeGreaterThan(0);
  }
});

test('every price is one of a section of its house', () => {
  for (const { venue, prices } of shows) {
    const names = sampleVenues[venue].sections().map(({ name }): string => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(prices)));
    expect(Object.keys(prices).length).toBeGreaterThan(0);
  }
});

test('one show collects at the door, one opens its sales next week, one is free', () => {
  expect(shows.filter(({ collectAtDoor }) => collectAtDoor)).toHaveLength(1);
  expect(shows.filter(({ salesOpen }) => salesOpen)).toHaveLength(1);
  expect(shows.some(({ prices }) => Object.values(prices).every((amount) => amount === 0))).toBe(true);
});

test('whatever day it is, shows lie in the next three months, and events list their shows in order of time', () => {
  for (const now of nows) {
    for (const show of shows) {
      const ahead = startOf(show, now) - now.getTime();
      expect(ahead).toBeGreaterThan(0);
      expect(ahead).toBeLessThan(92 * DAY_MS);
    }
    for (const event of sampleEvents) {
      const starts = event.shows.map((show) => startOf(show, now));
      expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    }
  }
});

test('whatever day it is, the sales that open next week open before their show', () => {
  for (const now of nows) {
    for (const show of shows) {
      if (!show.salesOpen) continue;
      const opens = instantOfAppointment(show.salesOpen, now, sampleVenues[show.venue].timeZone).getTime();
      expect(opens).toBeLessThan(startOf(show, now));
      expect(opens).toBeGreaterThan(now.getTime());
      expect(opens - now.getTime()).toBeLessThan(8 * DAY_MS);
    }
  }
});

test('whatever day it is, no two shows are in one house at once', () => {
  for (const now of nows) {
    for (const [venue, inHouse] of Map.groupBy(shows, (show) => show.venue)) {
      const times = inHouse
        .map((show) => ({
          from: startOf(show, now),
          to: startOf(show, now) + show.minutes * 60_000,
          name: show.event.name,
        }))
        .toSorted((a, b) => a.from - b.from);
      for (const [index, { to, name }] of times.entries()) {
        const next = times[index + 1];
        if (next) expect(next.from, `${venue}: ${name}, then ${next.name}`).toBeGreaterThan(to);
      }
    }
  }
});
