import type { Problem } from '../../problem.ts';
import type { Answer, EntryState } from '../inventory.ts';
import type { JoinRequest, LeaveRequest } from '../requests.ts';
import { findClosed } from './claim.ts';
import { countHeldBy, type Draft, keyOf, openIn } from './draft.ts';
import { recordEntry } from './entries.ts';
import { giveBack } from './expire.ts';

/** Takes a place at the end of the line. The checks come in the order that callers are promised, as those of a claim. */
export function join(draft: Draft, request: JoinRequest): Answer {
  const missing = findMissing(draft, request);
  if (missing) return { problem: missing };
  const key = keyOf(request.userId, request.idempotencyKey);
  if (draft.bookingOfKey.has(key)) return { problem: { code: 'idempotency_mismatch' } };
  const repeated = draft.entries.get(draft.entryOfKey.get(key) ?? '');
  if (repeated) {
    const isSame = repeated.requestHash === request.requestHash;
    return isSame ? { entry: repeated } : { problem: { code: 'idempotency_mismatch' } };
  }
  const refused = findLimit(draft, request) ?? findClosed(draft) ?? findOnSale(draft, request);
  return refused ? { problem: refused } : { entry: lineUp(draft, request) };
}

function findMissing({ show, sections }: Draft, { sectionId }: JoinRequest): Problem | null {
  if (show.eventStatus === 'draft') return { code: 'not_found' };
  if (sectionId === null || sections.has(sectionId)) return null;
  return { code: 'invalid_input', issues: [{ path: 'sectionId', message: 'is not a section of this show' }] };
}

function findLimit({ show, entries }: Draft, { userId, quantity }: JoinRequest): Problem | null {
  if (quantity > show.maxPerBooking) return { code: 'limit_exceeded', limit: show.maxPerBooking };
  const isLive = ({ status }: EntryState) => status === 'waiting' || status === 'offered';
  const isWaiting = [...entries.values()].some((entry) => entry.userId === userId && isLive(entry));
  return isWaiting ? { code: 'already_waiting' } : null;
}

/** Nobody waits for what they can buy. */
function findOnSale({ sections }: Draft, { sectionId, quantity }: JoinRequest): Problem | null {
  const isEnough = [...sections.values()].some(
    (section) => (sectionId === null || section.sectionId === sectionId) && openIn(section) >= quantity,
  );
  return isEnough ? { code: 'invalid_state', state: 'on_sale' } : null;
}

function lineUp(draft: Draft, request: JoinRequest): EntryState {
  const { entryId: id, userId, sectionId, quantity, idempotencyKey, requestHash } = request;
  const position = draft.nextPosition;
  draft.nextPosition += 1;
  draft.entryOfKey.set(keyOf(userId, idempotencyKey), id);
  const progress = {
    position,
    status: 'waiting' as const,
    joinedAt: draft.now,
    bookingId: null,
    passed: 0,
    saves: null,
  };
  return recordEntry(
    draft,
    { id, userId, sectionId, quantity, idempotencyKey, requestHash, ...progress, version: 0 },
    { type: 'joined', data: { userId, showId: draft.show.id, sectionId, quantity, position } },
  );
}

/** Gives up an offer, or one's place in the line. Both are idempotent by state. */
export function leave(draft: Draft, { kind, entryId, userId }: LeaveRequest): Answer {
  const entry = draft.entries.get(entryId);
  // Somebody else's entry answers exactly as one that does not exist.
  if (!entry || entry.userId !== userId) return { problem: { code: 'not_found' } };
  const { status } = entry;
  if (status === 'offered') return declineOffer(draft, entry);
  if (kind === 'leave') {
    if (status === 'converted') return { problem: { code: 'invalid_state', state: status } };
    if (status !== 'waiting') return { entry };
    return { entry: recordEntry(draft, { ...entry, status: 'left', saves: null }, { type: 'left', data: {} }) };
  }
  if (status === 'declined') return { entry };
  return { problem: { code: status === 'lapsed' ? 'hold_expired' : 'invalid_state', state: status } };
}

function declineOffer(draft: Draft, { id, bookingId, userId }: EntryState): Answer {
  const booking = draft.bookings.get(bookingId ?? '');
  if (!booking) throw new Error(`the offer of entry ${id} was not loaded`);
  // While it is being paid, only the payment moves it.
  if (booking.status !== 'held') return { problem: { code: 'invalid_state', state: booking.status } };
  countHeldBy(draft, userId, -booking.quantity);
  giveBack(draft, booking, 'released', `user:${userId}`);
  const entry = draft.entries.get(id);
  if (!entry) throw new Error(`entry ${id} was not loaded`);
  return { entry };
}
