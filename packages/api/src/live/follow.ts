/** Follows a show's seat map from version to version. Pure: whoever follows reads and waits, this only takes in. */
import type { SeatDelta, SeatState } from './seat-delta.ts';

/** A seat map in memory. It is changed in place: a large hall has a hundred thousand seats. */
export interface SeatMap {
  /** Of the show's inventory. */
  version: number;
  /** One letter per seat, in layout order. */
  states: Buffer;
  /** How many places each section has free, in the order of the layout. */
  available: Map<string, number>;
}

/** One show, followed. */
export interface Follower {
  /** Null until it was read for the first time. */
  map: SeatMap | null;
  /** The latest version that anybody told of; later than the map's while something is missing. */
  heard: number;
  /** Told of, and not yet connected to the map: what lies between is on its way, or was lost. */
  pending: SeatDelta[];
  /** The seats that changed, or may have, since this was last emptied. */
  touched: Set<number>;
  /** Whether versions were passed over since this was last reset, so that `touched` may lack what changed back in between. */
  hasJumped: boolean;
}

/** Batches of other processes that wait for one that is missing; beyond this, it is as quick to read the map again. */
const MAX_PENDING = 64;

export const createFollower = (): Follower => ({
  map: null,
  heard: 0,
  pending: [],
  touched: new Set(),
  hasJumped: false,
});

/** Whether nothing was told of that the map lacks. */
export const isConnected = ({ map, heard }: Follower): boolean => map !== null && heard <= map.version;

/** Takes in what was told, in whatever order it came, once or more often. */
export function hear(follower: Follower, deltas: readonly SeatDelta[]): void {
  for (const delta of deltas) {
    follower.heard = Math.max(follower.heard, delta.to);
    follower.pending.push(delta);
  }
  connect(follower);
  if (follower.pending.length > MAX_PENDING) follower.pending = [];
}

function connect(follower: Follower): void {
  const { map } = follower;
  if (!map) return;
  for (;;) {
    follower.pending = follower.pending.filter(({ to }) => to > map.version);
    const next = follower.pending.find(({ from }) => from <= map.version);
    if (!next) return;
    for (const [index, state] of next.seats) {
      if (index >= map.states.length) continue;
      map.states[index] = codeOf(state);
      follower.touched.add(index);
    }
    for (const [sectionId, available] of next.sections) {
      if (map.available.has(sectionId)) map.available.set(sectionId, available);
    }
    map.version = next.to;
  }
}

const codeOf = (state: SeatState): number => state.charCodeAt(0);

const STATES: ReadonlyMap<number, SeatState> = new Map((['a', 'h', 'b', 'x'] as const).map((s) => [codeOf(s), s]));

/** @throws Error when the map has no such seat */
export function stateAt(map: SeatMap, index: number): SeatState {
  const state = STATES.get(map.states[index] ?? 0);
  if (!state) throw new Error(`the seat map has nothing at ${index}`);
  return state;
}

/**
 * Takes in what was read from the database. What was told in the meantime may be newer, and stays.
 *
 * @param versionBefore the map's version when the reading began: whatever leads there was committed by then, so a reading
 *   that is older still tells of a database that lost commits, and that is right then
 */
export function adopt(follower: Follower, read: SeatMap, versionBefore: number | null): void {
  const { map } = follower;
  const wentBack = versionBefore !== null && read.version < versionBefore;
  if (wentBack) {
    follower.heard = read.version;
    follower.pending = [];
  }
  follower.heard = Math.max(follower.heard, read.version);
  if (!map) follower.map = read;
  else if (wentBack || read.version >= map.version) {
    markDifferences(follower, map, read);
    follower.map = read;
  }
  connect(follower);
}

function markDifferences(follower: Follower, before: SeatMap, after: SeatMap): void {
  if (before.version !== after.version) follower.hasJumped = true;
  for (let index = 0; index < after.states.length; index += 1) {
    if (before.states[index] !== after.states[index]) follower.touched.add(index);
  }
}
