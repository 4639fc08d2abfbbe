/**
 * A waiting room in memory: the rules themselves. `room-script.ts` says the same in Lua, and a property holds them to each
 * other. Pure: the time is given, nothing is drawn.
 */
import { RankedSet } from './ranked-set.ts';
import {
  ADMISSION_MS,
  type Answer,
  MAX_WAITING,
  type Operation,
  patience,
  RETURN_MS,
  type Remembered,
  type RoomRules,
  SPAN_MS,
  STEP,
  type Summary,
  TRIED_MS,
} from './room-rules.ts';

export interface Room {
  began: number;
  isOn: boolean;
  /** The last place that was given. */
  last: number;
  served: number;
  /** Nobody is admitted before. */
  pausedUntil: number;
  waitingSince: number;
  spanAt: number;
  admittedNow: number;
  admittedBefore: number;
  /** The present second, and how many were admitted in it. */
  second: number;
  inSecond: number;
  /** By place. */
  queue: RankedSet;
  /** Those in the queue, by when they are given up. */
  beats: RankedSet;
  /** By when it ends. */
  active: RankedSet;
  /** When their admissions end; whoever is no longer active is admitted no longer. */
  admitted: Map<string, number>;
  /** Until when it counts that they were let in while the room was open. */
  tried: Map<string, number>;
  /** Whose admission ended early, in the first minutes of a memory: tokens older than it must not bring it back. */
  spent: Set<string>;
}

export function createRoom(now: number): Room {
  const zeros = { last: 0, served: 0, pausedUntil: 0, waitingSince: 0, spanAt: 0, admittedNow: 0, admittedBefore: 0 };
  const sets = { queue: new RankedSet(), beats: new RankedSet(), active: new RankedSet() };
  const more = { admitted: new Map<string, number>(), tried: new Map<string, number>(), spent: new Set<string>() };
  return { began: now, isOn: false, ...zeros, second: 0, inSecond: 0, ...sets, ...more };
}

/** Begins anew with what waits and is admitted; who is active stays so. */
export function forgetLine(room: Room, now: number): void {
  for (const those of [room.queue, room.beats, room.admitted, room.spent]) those.clear();
  room.began = now;
}

/** Does the operations in their order, then admits whom there is room for, then answers: one answer per operation. */
export function runRoom(
  room: Room,
  rules: RoomRules,
  operations: readonly Operation[],
  now: number,
  remembered: Remembered = { began: 0, served: 0 },
): { answers: Answer[]; summary: Summary } {
  begin(room, rules, remembered, now);
  expire(room, now);
  const outcomes = operations.map((operation) => perform(room, rules, operation, now));
  if (room.isOn) admit(room, rules, now);
  const answers = operations.map((operation, index) => answer(room, operation, outcomes[index]!, now));
  const mayOpen = rules.mode === 'auto' && room.queue.size === 0 && now >= room.pausedUntil;
  if (mayOpen && room.active.size < rules.maxActive) room.isOn = false;
  return { answers, summary: summarize(room, now) };
}

function begin(room: Room, { mode }: RoomRules, remembered: Remembered, now: number): void {
  if (mode !== 'auto') room.isOn = mode === 'on';
  room.served = Math.max(room.served, remembered.served);
  // Somebody waited in a memory that is lost.
  if (remembered.began !== 0 && remembered.began !== room.began) awaitReturn(room, mode, now + RETURN_MS);
  const spanAt = now - (now % SPAN_MS);
  if (spanAt === room.spanAt) return;
  room.admittedBefore = room.spanAt === spanAt - SPAN_MS ? room.admittedNow : 0;
  room.admittedNow = 0;
  room.spanAt = spanAt;
}

/** Those who waited may come back to their places: nobody is let in before them. */
function awaitReturn(room: Room, mode: RoomRules['mode'], until: number): void {
  room.pausedUntil = Math.max(room.pausedUntil, until);
  if (mode === 'auto') room.isOn = true;
}

function expire(room: Room, now: number): void {
  for (const userId of room.active.upTo(now, STEP)) endActivity(room, userId);
  for (const userId of room.beats.upTo(now, STEP)) leaveQueue(room, userId);
  if (now >= room.began + ADMISSION_MS) room.spent.clear();
}

function endActivity(room: Room, userId: string): void {
  room.active.remove(userId);
  room.admitted.delete(userId);
  room.tried.delete(userId);
}

function leaveQueue(room: Room, userId: string): void {
  room.queue.remove(userId);
  room.beats.remove(userId);
}

const keepActive = ({ active }: Room, userId: string, until: number) =>
  active.add(userId, Math.max(until, active.score(userId) ?? 0));

const isAdmitted = ({ admitted, active }: Room, userId: string, now: number) =>
  (admitted.get(userId) ?? 0) > now && (active.score(userId) ?? 0) > now;

type Outcome = 'open' | 'refused' | 'full' | 'done' | 'placed';

function perform(room: Room, rules: RoomRules, operation: Operation, now: number): Outcome {
  const { kind, userId, value } = operation;
  switch (kind) {
    case 'join':
      if (isFromBefore(room, value, now)) awaitReturn(room, rules.mode, room.began + RETURN_MS);
      return isOpenTo(room, rules, userId) ? 'open' : join(room, userId, value, now);
    case 'status':
      return room.isOn ? 'placed' : 'open';
    case 'try':
      return tryToEnter(room, rules, operation, now);
    case 'tried':
      markTried(room, userId, now);
      return 'done';
    case 'held':
      if (value > now) keepActive(room, userId, value);
      return 'done';
    case 'released':
      release(room, userId, now);
      return 'done';
    case 'leave':
      leaveQueue(room, userId);
      spend(room, userId, now);
      return 'done';
    case 'bought':
      spend(room, userId, now);
      return 'done';
  }
}

/** Whether one need not wait; the room closes for whoever would be one too many. */
function isOpenTo(room: Room, { mode, maxActive }: RoomRules, userId: string): boolean {
  if (room.isOn) return false;
  if (mode === 'off' || room.active.score(userId) !== undefined || room.active.size < maxActive) return true;
  room.isOn = true;
  return false;
}

/** Whether a place was given in a memory that is lost, and that not long ago. */
const isFromBefore = (room: Room, place: number, now: number) =>
  place > room.served && place < room.began * 1000 && now < room.began + RETURN_MS;

function join(room: Room, userId: string, place: number, now: number): Outcome {
  if (isAdmitted(room, userId, now) || room.queue.score(userId) !== undefined) return 'placed';
  if ((room.tried.get(userId) ?? 0) > now) {
    // Was let in while the room was open, and counts as active already: nobody is kept waiting by this.
    room.tried.delete(userId);
    room.admitted.set(userId, now + ADMISSION_MS);
    keepActive(room, userId, now + ADMISSION_MS);
    return 'placed';
  }
  if (room.queue.size >= MAX_WAITING) return 'full';
  if (room.queue.size === 0) room.waitingSince = now;
  const isGood = place > room.served && place <= now * 1000;
  if (!isGood) room.last = Math.max(room.last + 1, now * 1000);
  room.queue.add(userId, isGood ? place : room.last);
  room.beats.add(userId, now + patience(0));
  return 'placed';
}

function tryToEnter(room: Room, rules: RoomRules, { userId, value: until }: Operation, now: number): Outcome {
  if (isOpenTo(room, rules, userId)) {
    if (rules.mode === 'auto') markTried(room, userId, now);
    return 'open';
  }
  if (until <= now) return 'refused';
  if (isAdmitted(room, userId, now)) return room.admitted.get(userId) === until ? 'placed' : 'refused';
  // It was given before this memory began, so that this memory need not know it.
  const isOlder = until - ADMISSION_MS < room.began && !room.spent.has(userId);
  if (!isOlder || room.admitted.get(userId) !== undefined) return 'refused';
  room.admitted.set(userId, until);
  keepActive(room, userId, until);
  return 'placed';
}

function markTried(room: Room, userId: string, now: number): void {
  room.tried.set(userId, now + TRIED_MS);
  keepActive(room, userId, now + TRIED_MS);
}

/** Holds nothing any more; what else makes one active stays. */
function release(room: Room, userId: string, now: number): void {
  if (room.active.score(userId) === undefined) return;
  const until = Math.max(room.admitted.get(userId) ?? 0, room.tried.get(userId) ?? 0);
  if (until > now) room.active.add(userId, until);
  else endActivity(room, userId);
}

function spend(room: Room, userId: string, now: number): void {
  endActivity(room, userId);
  if (now < room.began + ADMISSION_MS) room.spent.add(userId);
}

/** First come, first served: as long as there is room, and not too many at once. */
function admit(room: Room, { maxActive, rate }: RoomRules, now: number): void {
  const second = Math.floor(now / 1000);
  if (second !== room.second) room.inSecond = 0;
  room.second = second;
  for (let step = 0; step < STEP && now >= room.pausedUntil; step += 1) {
    const next = room.queue.first();
    if (!next || room.inSecond >= rate || room.active.size >= maxActive) return;
    const { member: userId, score: place } = next;
    const until = room.beats.score(userId) ?? 0;
    leaveQueue(room, userId);
    if (until <= now) continue;
    room.admitted.set(userId, now + ADMISSION_MS);
    // Whoever does not come for it makes room for the next.
    keepActive(room, userId, until);
    room.served = Math.max(room.served, place);
    room.inSecond += 1;
    room.admittedNow += 1;
  }
}

const NOWHERE = { position: 0, place: 0, until: 0 };

function answer(room: Room, { kind, userId }: Operation, outcome: Outcome, now: number): Answer {
  if (outcome !== 'placed') return { state: outcome, ...NOWHERE };
  if (isAdmitted(room, userId, now)) {
    const until = room.admitted.get(userId) ?? 0;
    keepActive(room, userId, until);
    return { ...NOWHERE, state: 'admitted', until };
  }
  const place = room.queue.score(userId);
  if (kind === 'try') return { state: 'refused', ...NOWHERE };
  if (place === undefined) return { state: 'unknown', ...NOWHERE };
  const position = room.queue.rank(userId) + 1;
  room.beats.add(userId, now + patience(position));
  return { ...NOWHERE, state: 'queued', position, place };
}

function summarize(room: Room, now: number): Summary {
  const { began, served, isOn, waitingSince, spanAt, admittedNow, admittedBefore } = room;
  const measured = { waitingSince, spanAt, admittedNow, admittedBefore, now };
  return { began, served, isOn, active: room.active.size, waiting: room.queue.size, ...measured };
}
