/**
 * The words of the waiting room, and its numbers. Pure.
 *
 * - A **place** is a number that orders those who wait: when they came, in microseconds.
 * - An **admission** lets one person hold and book for five minutes; it ends with a purchase. It is named by when it ends.
 * - Somebody is **active** who is admitted, holds places, or was let in to hold or book within the last minute.
 * - A **memory** is what one process, or one Redis, knows of a room since it began. Another one knows nothing of it.
 *
 * Times are milliseconds of one clock: that of Redis, or of the process without it.
 */
import type { WaitingRoomMode } from '@evently/db/schema';

/** What an organiser, or the settings, decide of a room. */
export interface RoomRules {
  mode: WaitingRoomMode;
  /** At most so many are active at once; in `auto`, the room is on from there. */
  maxActive: number;
  /** At most so many are admitted within a second. */
  rate: number;
}

/**
 * What may happen to a room. `join`, `status` and `try` ask; the others tell of what has happened. `value` is the place of a
 * queue token (`join`), the end of an admission (`try`) or of a hold (`held`), and 0 where there is none.
 */
export const OPERATIONS = ['join', 'status', 'leave', 'try', 'tried', 'held', 'released', 'bought'] as const;
export interface Operation {
  kind: (typeof OPERATIONS)[number];
  userId: string;
  value: number;
}

/**
 * `open`: no need to wait. `unknown`: neither waits nor is admitted. `refused`: an admission is needed. `full`: so many wait
 * that no more are taken. `done`: it was only told.
 */
export const STATES = ['open', 'queued', 'admitted', 'unknown', 'refused', 'full', 'done'] as const;
export type RoomState = (typeof STATES)[number];
export interface Answer {
  state: RoomState;
  /** Of those who wait: 1 is next. */
  position: number;
  place: number;
  /** When the admission ends. */
  until: number;
}

/** What a room tells of itself with each answer. */
export interface Summary {
  /** When its memory began, which names it. */
  began: number;
  /** The last place that was admitted: what lies before has had its turn. */
  served: number;
  isOn: boolean;
  active: number;
  waiting: number;
  /** When the first of those who wait came. */
  waitingSince: number;
  /** When the present span of measuring began; those admitted in it, and in the one before it. */
  spanAt: number;
  admittedNow: number;
  admittedBefore: number;
  now: number;
}

/** What the asker remembers of the room from its last answer; zeros when nothing, or when nobody waited. */
export interface Remembered {
  began: number;
  served: number;
}

export const ADMISSION_MS = 5 * 60_000;
/** Who was let in to hold or book is active for this long. */
export const TRIED_MS = 60_000;
/** So much is tidied up or admitted by one run at most, so that none takes long; the rest is for the next one. */
export const STEP = 100;
/** As many wait for one show at most: 50 MB of Redis. */
export const MAX_WAITING = 200_000;
/** By how much admissions are measured. */
export const SPAN_MS = 30_000;

/** Half of the calls that one may make, while one is next; later the end of the line asks no more than 30 times in a quarter of an hour. */
const FIRST_POLL_MS = 2000;
const POLL_MS_PER_POSITION = 3;
const LONGEST_POLL_MS = 30_000;
/** Phones are locked, and trains go through tunnels. */
const SHORTEST_PATIENCE_MS = 20_000;
const JITTER = 0.2;
/** When a memory was lost, nobody is admitted before all who waited have had time to come back to their places. */
export const RETURN_MS = LONGEST_POLL_MS * (1 + JITTER) + 4000;

/** How long to wait before asking again: the longer, the longer the line. */
export const pollAfter = (position: number): number =>
  Math.min(LONGEST_POLL_MS, FIRST_POLL_MS + POLL_MS_PER_POSITION * position);

/** The same, spread by a random number from 0 to 1, so that those who came together do not go on asking together. */
export const jittered = (ms: number, random: number): number => Math.round(ms * (1 - JITTER + 2 * JITTER * random));

/** Who has not asked for this long is gone. */
export const patience = (position: number): number => Math.max(SHORTEST_PATIENCE_MS, 3 * pollAfter(position));

/** Seconds until the place is admitted at the rate that was measured; null when nobody was admitted lately. */
export function estimate(position: number, summary: Summary): number | null {
  const { now, spanAt, admittedNow, admittedBefore, waitingSince } = summary;
  const past = Math.max(0, 1 - (now - spanAt) / SPAN_MS);
  const admitted = admittedNow + admittedBefore * past;
  if (admitted === 0) return null;
  const measuredMs = Math.min(SPAN_MS, Math.max(1000, now - waitingSince));
  return Math.ceil((position * measuredMs) / admitted / 1000);
}
