/** What becomes of free places while somebody waits. The rules that decide who may pass whom stand here, and nowhere else. */
import { type Placement, placeParty } from '../../best-seats/place-party.ts';
import type { EntryState, SectionState } from '../inventory.ts';
import { OFFER_MS } from './deadlines.ts';
import { derivedId } from './derived-id.ts';
import { availableIn, type Draft, isCalledOff, sectionOf } from './draft.ts';
import { listWaiting, recordEntry } from './entries.ts';
import { type Place, priceOf, take } from './take.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/**
 * How many of a line one batch serves, or sends home: as many as it may have requests, so that what it writes stays short.
 * What it cannot offer any more is kept for those who fit, until the next one.
 */
export const MAX_SERVED_PER_BATCH = 256;
/** Near the end of sales it lasts for this part of what is left, so that those behind have their turn, but not shorter than this. */
const OFFER_PART = 12;
const SHORTEST_OFFER_MS = 5 * MINUTE_MS;
/** So many smaller parties may be served before the first in line. From then on, what becomes free is saved for them. */
const MAX_PASSES = 3;
/** Places that are saved are not sold: not for longer than this, and not on the last day. */
const SAVED_MS = 30 * MINUTE_MS;
const SAVED_BEFORE_START_MS = DAY_MS;

/** What makes places worse for a party, each by more than everything after it: being torn, passing others, orphans. */
const TORN = 1_000_000;
const PASSING = 1000;

/** When an offer that is made now ends: never after sales do. */
export function offerEndsAt({ show, now }: Pick<Draft, 'show' | 'now'>): Date {
  const leftMs = show.salesCloseAt.getTime() - now.getTime();
  const shareMs = Math.max(SHORTEST_OFFER_MS, Math.floor(leftMs / OFFER_PART));
  return new Date(now.getTime() + Math.min(leftMs, OFFER_MS, shareMs));
}

/**
 * Offers what is free to those who wait, in their order; each offer is a hold. Done again at once, it changes nothing. When
 * it is through, nobody who waits fits what is free, so that the public may buy it, but for what is saved.
 */
export function offerPlaces(draft: Draft): void {
  if (draft.entries.size === 0) return;
  const { show, now } = draft;
  const line = listWaiting(draft);
  const isOver = isCalledOff(show) || now >= show.salesCloseAt;
  let owed: ReadonlySet<string> = new Set();
  if (isOver) for (const entry of line) close(draft, entry);
  else if (line.length > 0) {
    for (const entry of line) endSaving(draft, entry);
    if (show.salesOpenAt !== null && now >= show.salesOpenAt) owed = serveLine(draft, line);
  }
  markSaved(draft, owed);
}

function close(draft: Draft, entry: EntryState): void {
  if (draft.served >= MAX_SERVED_PER_BATCH) return;
  draft.served += 1;
  recordEntry(draft, { ...entry, status: 'closed', saves: null }, { type: 'closed', data: {} });
}

function canSaveUntil({ show, now }: Draft): Date {
  const last = show.startsAt.getTime() - SAVED_BEFORE_START_MS;
  return new Date(Math.min(now.getTime() + SAVED_MS, last));
}

/** What was saved in vain is for others again; it takes as many passes again before it is saved anew. */
function endSaving(draft: Draft, entry: EntryState): void {
  if (!entry.saves || (entry.saves.until > draft.now && canSaveUntil(draft) > draft.now)) return;
  const { sectionId } = entry.saves;
  recordEntry(draft, { ...entry, passed: 0, saves: null }, { type: 'saved_in_vain', data: { sectionId } });
}

/** How far the line has been gone through. */
interface Turn {
  /** Those who could not be served. */
  unserved: EntryState[];
  /** Who is the first of them, by section. */
  heads: Map<string, string>;
  /** Whose the free places of a section are, where they are saved. */
  savers: Map<string, string>;
}

/** @returns the sections that somebody fits whom this batch cannot serve any more */
function serveLine(draft: Draft, line: readonly EntryState[]): ReadonlySet<string> {
  const turn: Turn = { unserved: [], heads: new Map(), savers: new Map() };
  for (const { id, saves } of listWaiting(draft)) if (saves) turn.savers.set(saves.sectionId, id);
  const owed = new Set<string>();
  for (const { id } of line) {
    const entry = entryOf(draft, id);
    const sections = listFitting(draft, entry, turn);
    if (sections.length === 0) stay(draft, entry, turn);
    else if (draft.served < MAX_SERVED_PER_BATCH) serve(draft, entry, sections, turn);
    else for (const { sectionId } of sections) owed.add(sectionId);
  }
  return owed;
}

function stay(draft: Draft, entry: EntryState, turn: Turn): void {
  turn.unserved.push(entry);
  for (const { sectionId } of wantedBy(draft, entry)) {
    if (!turn.heads.has(sectionId)) turn.heads.set(sectionId, entry.id);
  }
  save(draft, entry, turn);
}

function serve(draft: Draft, entry: EntryState, sections: readonly SectionState[], turn: Turn): void {
  const { sectionId, places } = findPlaces(draft, entry, sections, turn);
  const free = availableIn(sectionOf(draft, sectionId));
  const passed = turn.unserved.filter((before) => (before.sectionId ?? sectionId) === sectionId).map(({ id }) => id);
  if (entry.saves) turn.savers.delete(entry.saves.sectionId);
  offer(draft, entry, places, passed);
  const [head] = passed;
  if (head !== undefined) pass(draft, entryOf(draft, head), { servedEntryId: entry.id, sectionId, free }, turn);
}

function entryOf(draft: Draft, id: string): EntryState {
  const entry = draft.entries.get(id);
  if (!entry) throw new Error(`entry ${id} was not loaded`);
  return entry;
}

function wantedBy(draft: Draft, { sectionId }: EntryState): SectionState[] {
  return sectionId === null ? [...draft.sections.values()] : [sectionOf(draft, sectionId)];
}

/** The sections out of which an entry may be served. */
function listFitting(draft: Draft, entry: EntryState, { savers }: Turn): SectionState[] {
  return wantedBy(draft, entry).filter(
    (section) => availableIn(section) >= entry.quantity && (savers.get(section.sectionId) ?? entry.id) === entry.id,
  );
}

/**
 * Places for a whole party in one section: together where that is possible in any of those it takes, then without passing
 * anybody.
 *
 * @param sections at least one
 */
function findPlaces(
  draft: Draft,
  { quantity }: EntryState,
  sections: readonly SectionState[],
  { heads }: Turn,
): Placed {
  let best: Placed | null = null;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const section of sections) {
    const placed = placeIn(draft, section, quantity);
    const rank = (placed.pieces - 1) * TORN + (heads.has(section.sectionId) ? PASSING : 0) + placed.orphans;
    if (rank >= bestRank) continue;
    best = placed;
    bestRank = rank;
    if (rank === 0) break;
  }
  if (!best) throw new Error('a party fits nowhere');
  return best;
}

interface Placed extends Pick<Placement, 'pieces' | 'orphans'> {
  sectionId: string;
  places: Place[];
}

function placeIn(draft: Draft, { sectionId, kind }: SectionState, quantity: number): Placed {
  if (kind === 'standing') {
    const places = Array.from({ length: quantity }, () => ({ sectionId, seatId: null }));
    return { sectionId, places, pieces: 1, orphans: 0 };
  }
  const isFree = (seatId: string) => !draft.taken.has(seatId) && !draft.blocked.has(seatId);
  const placement = placeParty(draft.loaded.seatsOf(sectionId), isFree, quantity);
  if (!placement) throw new Error(`section ${sectionId} has fewer free seats than its counters say`);
  return { ...placement, sectionId, places: placement.seatIds.map((seatId) => ({ sectionId, seatId })) };
}

/** @param passedEntryIds those before it who wait for the same section and need more than there is, the first of them first */
function offer(draft: Draft, entry: EntryState, places: Place[], passedEntryIds: string[]): void {
  const { shard } = draft.show;
  draft.served += 1;
  const idOf = (what: string) => derivedId(`${entry.id} ${what}`, shard, draft.now);
  const bookingId = idOf('offer');
  const expiresAt = offerEndsAt(draft);
  const sectionId = places[0]!.sectionId;
  const seatIds = places.flatMap(({ seatId }) => seatId ?? []);
  recordEntry(
    draft,
    { ...entry, status: 'offered', bookingId, saves: null },
    {
      type: 'offered',
      data: {
        bookingId,
        sectionId,
        seatIds,
        expiresAt: expiresAt.toISOString(),
        reason: passedEntryIds.length === 0 ? 'first_in_line' : 'others_need_more',
        passedEntryIds,
      },
    },
  );
  take(draft, {
    bookingId,
    userId: entry.userId,
    ticketIds: places.map((_, index) => idOf(`ticket ${index}`)).sort(),
    places,
    total: priceOf(draft, places),
    status: 'held',
    expiresAt,
    idempotencyKey: null,
    requestHash: '',
    specialRequests: null,
    metadata: null,
    payments: [],
    entryId: entry.id,
    history: { type: 'offered', actor: 'system', data: { entryId: entry.id } },
  });
}

/** Somebody behind was served, since the first in line needs more than there was. */
function pass(
  draft: Draft,
  head: EntryState,
  served: { servedEntryId: string; sectionId: string; free: number },
  turn: Turn,
): void {
  const data = { ...served, needed: head.quantity, reason: 'too_few_places' };
  save(draft, recordEntry(draft, { ...head, passed: head.passed + 1 }, { type: 'passed', data }), turn);
}

/** Begins to save places for somebody who was passed often enough: those of one section, whichever has most of them. */
function save(draft: Draft, entry: EntryState, { heads, savers }: Turn): void {
  const until = canSaveUntil(draft);
  if (entry.saves || entry.passed < MAX_PASSES || until <= draft.now) return;
  const [section] = wantedBy(draft, entry)
    .filter(
      ({ sectionId, capacity, blocked }) => heads.get(sectionId) === entry.id && capacity - blocked >= entry.quantity,
    )
    .toSorted((a, b) => availableIn(b) - availableIn(a));
  if (!section || availableIn(section) === 0) return;
  const { sectionId } = section;
  const data = { sectionId, free: availableIn(section), needed: entry.quantity, until: until.toISOString() };
  savers.set(sectionId, entry.id);
  recordEntry(draft, { ...entry, saves: { sectionId, until } }, { type: 'saving', data });
}

function markSaved(draft: Draft, owed: ReadonlySet<string>): void {
  const saved = new Set([...owed, ...listWaiting(draft).map(({ saves }) => saves?.sectionId)]);
  for (const section of draft.sections.values()) {
    const isSaved = saved.has(section.sectionId);
    if (isSaved !== section.isSaved) draft.sections.set(section.sectionId, { ...section, isSaved });
  }
}
