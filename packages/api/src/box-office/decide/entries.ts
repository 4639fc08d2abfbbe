import type { BookingStatus } from '@evently/db/schema';
import type { BookingState, EntryEventType, EntryState } from '../inventory.ts';
import type { Draft } from './draft.ts';

/** Puts an entry's next state into the draft, with the row that tells of it. */
export function recordEntry(
  draft: Draft,
  entry: EntryState,
  event: { type: EntryEventType; data: Record<string, unknown> },
): EntryState {
  const next = { ...entry, version: entry.version + 1 };
  draft.entries.set(next.id, next);
  draft.entryEvents.push({ entryId: next.id, seq: next.version, ...event, at: draft.now });
  return next;
}

/** Those who wait, in order. */
export function listWaiting(draft: Draft): EntryState[] {
  const waiting = [...draft.entries.values()].filter((entry) => entry.status === 'waiting');
  return waiting.sort((a, b) => a.position - b.position);
}

const OUTCOMES: Partial<Record<BookingStatus, 'converted' | 'declined' | 'lapsed'>> = {
  confirmed: 'converted',
  released: 'declined',
  expired: 'lapsed',
};

/** Lets an entry follow the booking that it was offered, whoever moved that. */
export function followOffer(draft: Draft, { id: bookingId, entryId, status }: BookingState): void {
  const outcome = OUTCOMES[status];
  if (entryId === null || !outcome) return;
  const entry = draft.entries.get(entryId);
  if (!entry) throw new Error(`entry ${entryId} was not loaded`);
  if (entry.status !== 'offered') return;
  recordEntry(draft, { ...entry, status: outcome }, { type: outcome, data: { bookingId } });
}
