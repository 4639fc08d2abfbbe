import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Appointment, instantOf, instantOfAppointment } from './local-time.ts';

const instant = (local: string, timeZone: string) => {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = local.split(/[-T:]/).map(Number);
  return instantOf({ year, month, day, hour, minute }, timeZone).toISOString();
};

test('a local time is the instant at which the clock of that place shows it, in summer and in winter', () => {
  expect(instant('2026-07-14T19:30', 'Europe/Vienna')).toBe('2026-07-14T17:30:00.000Z');
  expect(instant('2026-12-14T19:30', 'Europe/Vienna')).toBe('2026-12-14T18:30:00.000Z');
  expect(instant('2026-07-14T19:30', 'Europe/Lisbon')).toBe('2026-07-14T18:30:00.000Z');
  expect(instant('2026-07-14T20:00', 'America/New_York')).toBe('2026-07-15T00:00:00.000Z');
  expect(instant('2026-07-14T20:00', 'UTC')).toBe('2026-07-14T20:00:00.000Z');
});

test('zones that are furthest from UTC, or off by a part of an hour, are right as well', () => {
  expect(instant('2026-01-01T00:00', 'Pacific/Kiritimati')).toBe('2025-12-31T10:00:00.000Z');
  expect(instant('2025-12-31T23:30', 'Pacific/Pago_Pago')).toBe('2026-01-01T10:30:00.000Z');
  expect(instant('2026-05-01T20:00', 'Asia/Kathmandu')).toBe('2026-05-01T14:15:00.000Z');
});

test('on the day of a change of the clocks, each side of it has its own offset', () => {
  expect(instant('2026-03-29T01:59', 'Europe/Vienna')).toBe('2026-03-29T00:59:00.000Z');
  expect(instant('2026-03-29T03:00', 'Europe/Vienna')).toBe('2026-03-29T01:00:00.000Z');
  expect(instant('2026-10-25T01:59', 'Europe/Vienna')).toBe('2026-10-24T23:59:00.000Z');
  expect(instant('2026-10-25T03:00', 'Europe/Vienna')).toBe('2026-10-25T02:00:00.000Z');
  expect(instant('2026-11-01T00:30', 'America/New_York')).toBe('2026-11-01T04:30:00.000Z');
  expect(instant('2026-11-01T02:00', 'America/New_York')).toBe('2026-11-01T07:00:00.000Z');
});

test('a time that comes twice is the first of the two', () => {
  expect(instant('2026-10-25T02:30', 'Europe/Vienna')).toBe('2026-10-25T00:30:00.000Z');
  expect(instant('2026-11-01T01:30', 'America/New_York')).toBe('2026-11-01T05:30:00.000Z');
});

test('a time that is skipped counts on from before the jump', () => {
  expect(instant('2026-03-29T02:30', 'Europe/Vienna')).toBe('2026-03-29T01:30:00.000Z');
  expect(instant('2026-03-08T02:30', 'America/New_York')).toBe('2026-03-08T07:30:00.000Z');
  // Lord Howe Island moves its clocks by half an hour only.
  expect(instant('2026-10-04T02:15', 'Australia/Lord_Howe')).toBe('2026-10-03T15:45:00.000Z');
});

const start = (now: string, timeZone: string, appointment: Partial<Appointment>) =>
  instantOfAppointment(
    { weeksAhead: 1, weekday: 'friday', time: '19:30', ...appointment },
    new Date(now),
    timeZone,
  ).toISOString();

test('weeks begin on Monday, and the next one is the same from this Monday to this Sunday', () => {
  for (const now of ['2026-06-01T10:00:00Z', '2026-06-03T10:00:00Z', '2026-06-07T10:00:00Z']) {
    expect(start(now, 'Europe/Vienna', {})).toBe('2026-06-12T17:30:00.000Z');
    expect(start(now, 'Europe/Vienna', { weekday: 'monday' })).toBe('2026-06-08T17:30:00.000Z');
    expect(start(now, 'Europe/Vienna', { weekday: 'sunday' })).toBe('2026-06-14T17:30:00.000Z');
    expect(start(now, 'Europe/Vienna', { weeksAhead: 4, weekday: 'friday' })).toBe('2026-07-03T17:30:00.000Z');
  }
});

test('weeks are counted by the calendar of the place, not by that of UTC', () => {
  // Still Sunday in New York, already Monday in Vienna.
  const now = '2026-06-08T02:00:00Z';
  expect(start(now, 'America/New_York', {})).toBe('2026-06-12T23:30:00.000Z');
  expect(start(now, 'Europe/Vienna', {})).toBe('2026-06-19T17:30:00.000Z');
});

test('an appointment keeps its time of day across a change of the clocks', () => {
  const now = '2026-10-14T10:00:00Z';
  expect(start(now, 'Europe/Vienna', { weeksAhead: 1 })).toBe('2026-10-23T17:30:00.000Z');
  expect(start(now, 'Europe/Vienna', { weeksAhead: 2 })).toBe('2026-10-30T18:30:00.000Z');
});

test('whenever it is, in every zone, the clock of the place shows the day and time that were asked for', () => {
  const zones = [
    'Europe/Vienna',
    'Europe/Lisbon',
    'America/New_York',
    'Asia/Kathmandu',
    'Pacific/Auckland',
    'Africa/Cairo',
  ];
  fc.assert(
    fc.property(
      fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 0, 1) }),
      fc.constantFrom(...zones),
      fc.integer({ min: 1, max: 12 }),
      (now, timeZone, weeksAhead) => {
        const found = instantOfAppointment({ weeksAhead, weekday: 'sunday', time: '19:30' }, new Date(now), timeZone);
        const format = new Intl.DateTimeFormat('en-GB', {
          timeZone,
          weekday: 'long',
          hour: '2-digit',
          minute: '2-digit',
        });
        expect(format.format(found)).toMatch(/^Sunday.*19:30$/);
        const days = (found.getTime() - now) / 86_400_000;
        expect(days).toBeGreaterThan(7 * weeksAhead - 0.3);
        expect(days).toBeLessThan(7 * weeksAhead + 6.9);
      },
    ),
  );
});
