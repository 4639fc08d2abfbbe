/** What a batch must know of those who wait, so that the rules of offers have what they need. Pure. */
import { isCalledOff } from './decide/draft.ts';
import type { BookingState, EntryState, SectionState, ShowFacts } from './inventory.ts';
import type { BoxOfficeRequest, JoinRequest } from './requests.ts';

/** How many of a line a batch looks at: as many as it may serve, and more, since some of them may need more than there is. */
export const MAX_LINE = 400;

/** Entries that a batch names, in one way or another. */
export interface EntryConcern {
  ids: string[];
  keys: { userId: string; key: string }[];
  /** Who wants to join: whether they wait already matters. */
  userIds: string[];
}

/**
 * @param hadLine whether anybody ever waited for this show; as long as nobody did, no key was used for that
 * @param bookings those that are loaded: what was offered has an entry that follows it
 */
export function entryConcernOf(
  requests: readonly BoxOfficeRequest[],
  keys: readonly { userId: string; key: string }[],
  bookings: Iterable<BookingState>,
  hadLine: boolean,
): EntryConcern {
  const ids = new Set<string>();
  const userIds = new Set<string>();
  for (const request of requests) {
    if (request.kind === 'leave' || request.kind === 'decline') ids.add(request.entryId);
    if (request.kind === 'join') userIds.add(request.userId);
  }
  for (const { entryId } of bookings) if (entryId !== null) ids.add(entryId);
  return { ids: [...ids], keys: hadLine ? [...keys] : [], userIds: hadLine ? [...userIds] : [] };
}

/** A section in which something is free, or may become free by the batch, and how many places at most. */
export interface Opening {
  sectionId: string;
  places: number;
}

/** What of a show's line a batch must load. */
export interface LineConcern {
  openings: Opening[];
  /** Sales are over, or this batch ends them: whoever waits is sent home, wherever they wait. */
  isEnding: boolean;
}

/**
 * @param waiting how many wait, those who are about to join left out
 * @returns null when nothing can come of the line
 */
export function lineConcernOf(
  { show, sections, now }: { show: ShowFacts; sections: Iterable<SectionState>; now: Date },
  requests: readonly BoxOfficeRequest[],
  freed: ReadonlyMap<string, number>,
  waiting: number,
): LineConcern | null {
  if (waiting === 0 && !requests.some(({ kind }) => kind === 'join')) return null;
  if (isCalledOff(show) || now >= show.salesCloseAt) return { openings: [], isEnding: true };
  const openings: Opening[] = [];
  let isSaved = false;
  for (const { sectionId, capacity, held, sold, blocked, ...section } of sections) {
    const raised = Math.max(capacity, ...requests.map((request) => capacityIn(request, sectionId)));
    const places = raised - held - sold - blocked + (freed.get(sectionId) ?? 0);
    if (places > 0) openings.push({ sectionId, places });
    isSaved ||= section.isSaved;
  }
  const isEnding = requests.some(({ kind }) => kind === 'cancel-show');
  return openings.length > 0 || isSaved || isEnding ? { openings, isEnding } : null;
}

const capacityIn = (request: BoxOfficeRequest, sectionId: string): number =>
  request.kind === 'set-capacity' && request.sectionId === sectionId ? request.capacity : 0;

/** These move bookings without giving anything back. */
const KEEPS_PLACES: ReadonlySet<BoxOfficeRequest['kind']> = new Set(['hold', 'book', 'confirm', 'extend']);

/**
 * How many places of each section the batch may give back, at most.
 *
 * @param bookings those that are overdue or named
 * @param entries those that are named
 */
export function countFreed(
  requests: readonly BoxOfficeRequest[],
  bookings: Iterable<BookingState>,
  entries: Iterable<EntryState>,
  findSectionId: (seatId: string) => string | undefined,
  now: Date,
): Map<string, number> {
  const freed = new Map<string, number>();
  const add = (sectionId: string) => freed.set(sectionId, (freed.get(sectionId) ?? 0) + 1);
  const moving = requests.filter(({ kind }) => !KEEPS_PLACES.has(kind));
  const moved = new Set(moving.flatMap((request) => ('bookingId' in request ? request.bookingId : [])));
  const left = new Set(requests.flatMap((request) => ('entryId' in request ? request.entryId : [])));
  for (const { bookingId, id } of entries) if (left.has(id) && bookingId !== null) moved.add(bookingId);
  for (const { id, status, expiresAt, tickets } of bookings) {
    const isOverdue = status === 'held' && expiresAt !== null && expiresAt <= now;
    if (!isOverdue && !moved.has(id)) continue;
    for (const ticket of tickets) if (ticket.status !== 'void') add(ticket.sectionId);
  }
  for (const request of requests) {
    if (request.kind !== 'unblock') continue;
    for (const seatId of request.seatIds) add(findSectionId(seatId) ?? '');
  }
  return freed;
}

/** The seated sections out of which an offer may be made: who waits, or is about to, fits what may become free. */
export function sectionsToOffer(
  openings: readonly Opening[],
  entries: readonly EntryState[],
  requests: readonly BoxOfficeRequest[],
): string[] {
  const joining = requests.filter((request): request is JoinRequest => request.kind === 'join');
  const parties = [...entries.filter(({ status }) => status === 'waiting'), ...joining];
  return openings
    .filter(({ sectionId, places }) =>
      parties.some((party) => party.quantity <= places && (party.sectionId ?? sectionId) === sectionId),
    )
    .map(({ sectionId }) => sectionId);
}
