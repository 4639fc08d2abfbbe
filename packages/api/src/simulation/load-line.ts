import type { EntryState, Inventory } from '../box-office/inventory.ts';
import {
  countFreed,
  entryConcernOf,
  type LineConcern,
  lineConcernOf,
  MAX_LINE,
  sectionsToOffer,
} from '../box-office/line.ts';
import type { BoxOfficeRequest } from '../box-office/requests.ts';
import type { Ledger } from './ledger.ts';

interface Told {
  inventory: Inventory;
  requests: readonly BoxOfficeRequest[];
  keys: readonly { userId: string; key: string }[];
  now: Date;
}

/** Adds of those who wait what `load-waitlist.ts` would add, and nothing else. */
export function addLine(ledger: Ledger, told: Told): Inventory {
  const bookings = new Map(told.inventory.bookings);
  const named = readNamed(ledger, told);
  for (const { status, bookingId } of named) {
    const offered = status === 'offered' && bookingId !== null ? ledger.bookings.get(bookingId) : undefined;
    if (offered) bookings.set(offered.id, offered);
  }
  const { requests, now, inventory } = told;
  const { show, sections } = inventory;
  const findSectionId = (seatId: string) => ledger.seats.get(seatId)?.sectionId;
  const freed = countFreed(requests, bookings.values(), named, findSectionId, now);
  const concern = lineConcernOf({ show, sections: sections.values(), now }, requests, freed, ledger.waiting);
  const line = concern && ledger.waiting > 0 ? readLine(ledger, concern) : [];
  const sectionIds = concern ? sectionsToOffer(concern.openings, line, requests) : [];
  const seats = sectionIds.flatMap((id) => (ledger.rows.get(id) ?? []).flat().map(({ seatId }) => seatId));
  return {
    ...inventory,
    bookings,
    entries: new Map([...named, ...line].map((entry) => [entry.id, entry])),
    taken: new Set([...inventory.taken, ...seats.filter((seatId) => ledger.bookingOfSeat.has(seatId))]),
    blocked: new Set([...inventory.blocked, ...seats.filter((seatId) => ledger.blocked.has(seatId))]),
  };
}

function readNamed({ entries, nextPosition }: Ledger, { inventory, requests, keys }: Told): EntryState[] {
  const concern = entryConcernOf(requests, keys, inventory.bookings.values(), nextPosition > 1);
  return [...entries.values()].filter(
    ({ id, userId, idempotencyKey, status }) =>
      concern.ids.includes(id) ||
      concern.keys.some((k) => k.userId === userId && k.key === idempotencyKey) ||
      (concern.userIds.includes(userId) && (status === 'waiting' || status === 'offered')),
  );
}

function readLine({ entries }: Ledger, { openings, isEnding }: LineConcern): EntryState[] {
  const line = [...entries.values()]
    .filter(({ status }) => status === 'waiting')
    .sort((a, b) => a.position - b.position);
  const most = Math.max(...openings.map(({ places }) => places));
  const wanted = new Set(line.filter(({ saves }) => saves !== null));
  const add = (which: (entry: EntryState) => boolean) => {
    for (const entry of line.filter(which).slice(0, MAX_LINE)) wanted.add(entry);
  };
  if (isEnding) add(() => true);
  for (const { sectionId, places } of openings) {
    add((entry) => entry.sectionId === sectionId);
    add((entry) => entry.sectionId === sectionId && entry.quantity <= places);
  }
  if (openings.length > 0) add((entry) => entry.sectionId === null);
  add((entry) => entry.sectionId === null && entry.quantity <= most);
  return [...wanted].sort((a, b) => a.position - b.position);
}
