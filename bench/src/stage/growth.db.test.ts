import { invariants } from '@evently/api/integrity/invariants';
import { createTestOffice, type TestOffice } from '@evently/api/testing';
import { shardOf } from '@evently/db/ids';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { grow, type Size, searches } from './growth.ts';

const SIZE: Size = { events: 200, bookings: 400 };

let office: TestOffice;
beforeAll(async () => {
  office = await createTestOffice();
  await using opened = new AsyncDisposableStack();
  const progress = { show: () => undefined, line: () => undefined };
  await grow({ opened, progress, signal: new AbortController().signal }, { databaseUrl: office.databaseUrl }, SIZE);
});
afterAll(() => office[Symbol.asyncDispose]());

test('what is loaded is as many rows as were asked for, under ids that carry their shard', async () => {
  const rows = await office.db.selectFrom('bookings').select(['id', 'shard', 'show_id', 'event_id']).execute();
  expect(rows).toHaveLength(SIZE.bookings);
  for (const { id, shard, show_id, event_id } of rows) {
    expect([id, show_id, event_id].map(shardOf)).toEqual([shard, shard, shard]);
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
  }
  expect(new Set(rows.map((row) => row.show_id)).size).toBe(SIZE.events);
});

test('the shows that are loaded keep the invariants, but for that of histories', async () => {
  const shows = await office.db.selectFrom('show_inventory').select(['show_id', 'shard']).limit(5).execute();
  expect(shows).toHaveLength(5);
  // Their histories are made up; nothing that is measured reads them.
  for (const { name, violations } of invariants.filter((invariant) => invariant.name !== 'I8')) {
    for (const { show_id, shard } of shows) {
      expect([name, await violations(office.db, { showId: show_id, shard })]).toEqual([name, []]);
    }
  }
});

test('what is named is there, though foreign keys were not checked', async () => {
  const tickets = await office.db
    .selectFrom('tickets')
    .innerJoin('bookings', 'bookings.id', 'tickets.booking_id')
    .innerJoin('users', 'users.id', 'bookings.user_id')
    .innerJoin('shows', 'shows.id', 'tickets.show_id')
    .innerJoin('events', 'events.id', 'shows.event_id')
    .innerJoin('venues', 'venues.id', 'shows.venue_id')
    .innerJoin('venue_sections', 'venue_sections.id', 'tickets.section_id')
    .innerJoin('booking_events', 'booking_events.booking_id', 'bookings.id')
    .select('tickets.id')
    .execute();
  expect(tickets).toHaveLength(SIZE.bookings);
});

test('every search finds a page, by name the events of one artist', async () => {
  const { byName, byGenre } = searches(SIZE);
  expect([byName.length, byGenre.length]).toEqual([10, 10]);
  for (const { input, vary, fits } of [...byName, ...byGenre]) {
    for (const typed of [input, vary?.() ?? input]) {
      expect([typed, fits(await office.as(null).events.list(typed))]).toEqual([typed, true]);
    }
  }
  const { items } = await office.as(null).events.list(byName[3]!.input);
  expect(new Set(items.map(({ name }) => name)).size).toBe(1);
});
