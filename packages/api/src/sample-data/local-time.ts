/** From the clock on a venue's wall to an instant: pure. */

const DAY_MS = 86_400_000;

/** A time as the wall clock of some place shows it. */
export interface LocalTime {
  year: number;
  /** 1 to 12. */
  month: number;
  /** 1 to 31. A day beyond the end of its month counts on into the next one. */
  day: number;
  hour: number;
  minute: number;
}

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** A day of a calendar week, which begins on Monday, and a time of that day. */
export interface Appointment {
  /** 0 is this week, of which a part is over; 1 is the next. */
  weeksAhead: number;
  weekday: Weekday;
  /** By the venue's clock, as in `19:30`. */
  time: string;
}

/** What the wall clock of a time zone shows at an instant, read as if it were UTC, in milliseconds. */
function wallClock(instantMs: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const parts = new Map(format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
  const read = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? Number.NaN;
  return Date.UTC(read('year'), read('month') - 1, read('day'), read('hour'), read('minute'), read('second'));
}

/** How far a time zone is ahead of UTC at an instant, in milliseconds. */
function offsetAt(instantMs: number, timeZone: string): number {
  const wholeSecond = Math.floor(instantMs / 1000) * 1000;
  return wallClock(wholeSecond, timeZone) - wholeSecond;
}

/**
 * The instant at which the clock of a time zone shows a time. Of a time that comes twice, when clocks are put back, it is
 * the first; one that is skipped, when they are put forward, counts on from before the jump, so that 02:30 is 03:30.
 *
 * @param timeZone an IANA name such as `Europe/Vienna`
 */
export function instantOf({ year, month, day, hour, minute }: LocalTime, timeZone: string): Date {
  const wall = Date.UTC(year, month - 1, day, hour, minute);
  // No zone is further than 14 hours from UTC, so these two lie on either side of the instant we look for; the clocks
  // change at most once between them.
  const before = offsetAt(wall - DAY_MS, timeZone);
  const after = offsetAt(wall + DAY_MS, timeZone);
  const offset = [before, after].find((candidate) => offsetAt(wall - candidate, timeZone) === candidate);
  return new Date(wall - (offset ?? before));
}

/** The instant of an appointment made at `now`; weeks are counted by the calendar of the time zone. */
export function instantOfAppointment(appointment: Appointment, now: Date, timeZone: string): Date {
  const today = new Date(wallClock(now.getTime(), timeZone));
  const daysSinceMonday = (today.getUTCDay() + 6) % 7;
  const daysAhead = 7 * appointment.weeksAhead + WEEKDAYS.indexOf(appointment.weekday) - daysSinceMonday;
  const [hour = 0, minute = 0] = appointment.time.split(':').map(Number);
  const [year, month, day] = [today.getUTCFullYear(), today.getUTCMonth() + 1, today.getUTCDate() + daysAhead];
  return instantOf({ year, month, day, hour, minute }, timeZone);
}
