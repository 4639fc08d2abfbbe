/** What those who watch one show were told last, and what they are told next. Pure. */
import type { SeatStates } from '../shows/seats.ts';
import { type Follower, type SeatMap, stateAt } from './follow.ts';
import type { WatchData, WatchEvent } from './watch-events.ts';

/** What an event says besides what changes. */
export interface ShowFacts {
  showId: string;
  layoutVersion: number;
  /** In layout order. */
  seatIds: readonly string[];
}

/** An event that was sent a moment ago. */
interface SentEvent extends WatchEvent {
  from: number;
  /** Whether it leads here from every version since `from`, and not from that one alone. */
  isExact: boolean;
  changes: number;
}

export interface Told {
  /** Apart from the map, which runs ahead until the next event. */
  map: SeatMap;
  /** The latest events, oldest first, each beginning where the one before it ends. */
  recent: SentEvent[];
  /** What whoever comes now is sent; made when somebody comes. */
  snapshot: WatchEvent | null;
}

/** A change takes some eighty bytes and a snapshot one per seat: beyond these the snapshot is shorter, or long enough anyway. */
const MAX_CHANGES = 500;
const SEATS_PER_CHANGE = 80;
/** Events that are kept for those who come back, some ten seconds of a rush. */
const MAX_RECENT = 256;
const MAX_RECENT_CHANGES = 2000;

const copyOf = ({ version, states, available }: SeatMap): SeatMap => ({
  version,
  states: Buffer.from(states),
  available: new Map(available),
});

/** Begins with the map as it is. */
export function beginTelling(follower: Follower, map: SeatMap): Told {
  settle(follower);
  return { map: copyOf(map), recent: [], snapshot: null };
}

function settle(follower: Follower): void {
  follower.touched.clear();
  follower.hasJumped = false;
}

/** The event that brings everybody from what they were told to what is; null when they would see no difference. */
export function tellNext(told: Told, follower: Follower, map: SeatMap, facts: ShowFacts): WatchEvent | null {
  const { touched } = follower;
  const differs = (index: number) => map.states[index] !== told.map.states[index];
  const movedCounters = [...map.available].some(([id, available]) => told.map.available.get(id) !== available);
  if (!movedCounters && ![...touched].some(differs)) return null;
  const isLong = touched.size > MAX_CHANGES && touched.size * SEATS_PER_CHANGE > map.states.length;
  const from = told.map.version;
  const isExact = !follower.hasJumped;
  const indexes = [...touched].sort((a, b) => a - b);
  for (const index of indexes) told.map.states[index] = map.states[index]!;
  told.map.available = new Map(map.available);
  told.map.version = map.version;
  told.snapshot = null;
  settle(follower);
  if (isLong) {
    told.recent = [];
    return snapshotOfTold(told, facts);
  }
  const event = { version: map.version, data: deltaOf(map, indexes, facts) };
  remember(told, { ...event, from, isExact, changes: indexes.length });
  return event;
}

function deltaOf(map: SeatMap, indexes: readonly number[], { seatIds }: ShowFacts): WatchData {
  const changes = indexes.map((index) => ({ seatId: seatIds[index]!, index, state: stateAt(map, index) }));
  return { kind: 'delta', version: map.version, changes, sections: sectionsOf(map) };
}

const sectionsOf = ({ available }: SeatMap): { sectionId: string; available: number }[] =>
  [...available].map(([sectionId, free]) => ({ sectionId, available: free }));

function remember(told: Told, event: SentEvent): void {
  const { recent } = told;
  // What the map went back from leads nowhere any more.
  if (event.from > event.version) recent.length = 0;
  else recent.push(event);
  let changes = recent.reduce((sum, sent) => sum + sent.changes, 0);
  while (recent.length > MAX_RECENT || changes > MAX_RECENT_CHANGES) changes -= recent.shift()?.changes ?? 0;
}

/** Everything that was told so far, in one event for all who come before the next. */
function snapshotOfTold(told: Told, facts: ShowFacts): WatchEvent {
  told.snapshot ??= snapshotOf(told.map, facts);
  return told.snapshot;
}

function snapshotOf(map: SeatMap, facts: ShowFacts): WatchEvent {
  return { version: map.version, data: { kind: 'snapshot', ...statesOf(map, facts) } };
}

/** A map as it is answered. */
export function statesOf(map: SeatMap, { showId, layoutVersion }: ShowFacts): SeatStates {
  const { version, states } = map;
  return { showId, layoutVersion, version, states: states.toString('latin1'), sections: sectionsOf(map) };
}

/**
 * What somebody is sent who comes, or comes back.
 *
 * @param map as it is now
 * @param lastVersion the version that they were told last, by us or by another process; null when they know nothing
 */
export function catchUp(told: Told, map: SeatMap, lastVersion: number | null, facts: ShowFacts): readonly WatchEvent[] {
  if (lastVersion === null) return [snapshotOfTold(told, facts)];
  if (lastVersion === told.map.version) return [];
  // Another process told them more than we told anybody; the next event leads on from there, too.
  if (lastVersion > told.map.version) return lastVersion === map.version ? [] : [snapshotOf(map, facts)];
  const missed = told.recent.findIndex(({ version }) => version > lastVersion);
  const first = told.recent[missed];
  const leads = first && (first.from === lastVersion || (first.isExact && first.from < lastVersion));
  const events = leads ? told.recent.slice(missed) : [];
  const changes = events.reduce((sum, sent) => sum + sent.changes, 0);
  return leads && changes <= MAX_CHANGES ? events : [snapshotOfTold(told, facts)];
}
