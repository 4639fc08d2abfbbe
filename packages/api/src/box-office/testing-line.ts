/** What the waitlist of a show in memory must keep to, for tests of the pure rules. */
import type { EntryEvent, EntryState, SectionState } from './inventory.ts';
import type { World } from './testing-world.ts';

const HALF_HOUR_MS = 30 * 60_000;
const DAY_MS = 86_400_000;

const freeIn = ({ capacity, held, sold, blocked }: SectionState) => capacity - held - sold - blocked;
const wants = (entry: { sectionId: string | null }, sectionId: string) => (entry.sectionId ?? sectionId) === sectionId;

/** What is wrong with the line after a batch was decided `now`, in words. */
export function lineViolationsOf(world: World, now: Date): string[] {
  const waiting = [...world.entries.values()].filter(({ status }) => status === 'waiting');
  const { show } = world;
  const isOnSale = show.status === 'scheduled' && now < show.salesCloseAt;
  const found = isOnSale ? [] : waiting.map(({ id }) => `entry ${id} waits for a show that is not on sale`);
  for (const section of world.sections.values()) {
    const { sectionId, isSaved } = section;
    const savers = waiting.filter(({ saves }) => saves?.sectionId === sectionId);
    // One batch serves only so many; what is left is kept for those who fit.
    const fitting = waiting.filter((one) => wants(one, sectionId) && one.quantity <= freeIn(section));
    const isRight = isSaved ? savers.length === 1 || fitting.length > 0 : savers.length === 0;
    if (!isRight) found.push(`section ${sectionId} is saved for ${savers.length}`);
    for (const entry of fitting.filter((one) => !isSaved || savers.includes(one))) {
      found.push(`entry ${entry.id} waits for what is free`);
    }
    for (const { id, saves } of savers) {
      const until = saves?.until.getTime() ?? 0;
      const isShort = until > now.getTime() && until <= now.getTime() + HALF_HOUR_MS;
      if (!isShort || until > show.startsAt.getTime() - DAY_MS) found.push(`places are saved too long for ${id}`);
    }
  }
  const bad = [...world.entries.values()].filter((entry) => !fitsBooking(world, entry));
  return [...found, ...bad.map(({ id, status }) => `entry ${id} is ${status}, its booking is not`), ...replay(world)];
}

function fitsBooking({ bookings }: World, { id, status, userId, quantity, bookingId }: EntryState): boolean {
  if (status === 'waiting' || status === 'left' || status === 'closed') return bookingId === null;
  const booking = bookings.get(bookingId ?? '');
  if (booking?.entryId !== id || booking.userId !== userId || booking.tickets.length < quantity) return false;
  if (new Set(booking.tickets.map(({ sectionId }) => sectionId)).size !== 1) return false;
  if (status === 'offered') return booking.status === 'held' || booking.status === 'paying';
  if (status === 'converted') return booking.status === 'confirmed' || booking.status === 'cancelled';
  // A payment that came too late may have found the places free.
  return booking.status !== 'held' && booking.status !== 'paying';
}

interface Standing {
  id: string;
  position: number;
  quantity: number;
  sectionId: string | null;
  passed: number;
  saves: string | null;
}

/** Goes through what the line did: first come, first served, but for what is on record. */
function replay({ entryEvents, entries }: World): string[] {
  const found: string[] = [];
  const line = new Map<string, Standing>();
  for (const [index, event] of entryEvents.entries()) {
    const { entryId: id, type } = event;
    const entry = entries.get(id);
    const standing = line.get(id);
    if (!entry) found.push(`entry ${id} is unknown`);
    else if (type === 'joined') {
      const { position, quantity, sectionId } = entry;
      line.set(id, { id, position, quantity, sectionId, passed: 0, saves: null });
    } else if (standing) found.push(...step(line, standing, event, entryEvents[index + 1]));
  }
  return found;
}

function step(line: Map<string, Standing>, own: Standing, event: EntryEvent, next: EntryEvent | undefined): string[] {
  const { id } = own;
  const { type, data } = event;
  if (type === 'left' || type === 'closed') line.delete(id);
  if (type === 'passed') own.passed += 1;
  if (type === 'saved_in_vain') Object.assign(own, { passed: 0, saves: null });
  if (type === 'saving') {
    own.saves = String(data.sectionId);
    return own.passed < 3 ? [`places are saved for ${id}, which was passed ${own.passed} times`] : [];
  }
  if (type !== 'offered') return [];
  line.delete(id);
  const sectionId = String(data.sectionId);
  const ahead = [...line.values()].filter((one) => one.position < own.position && wants(one, sectionId));
  const found: string[] = [];
  if (ahead.some(({ quantity }) => quantity <= own.quantity)) found.push(`entry ${id} is served before its turn`);
  if ([...line.values()].some(({ saves }) => saves === sectionId)) found.push(`entry ${id} got what is saved`);
  const [head] = ahead.toSorted((a, b) => a.position - b.position);
  const passed = ahead.map((one) => one.id).sort();
  const told = (data.passedEntryIds as string[]).toSorted();
  if (passed.join() !== told.join()) found.push(`entry ${id} passed ${passed}, and ${told} are on record`);
  if (head && (next?.type !== 'passed' || next.entryId !== head.id)) found.push(`nothing tells ${head.id} of ${id}`);
  return found;
}
