/** Which way bookings, and those who wait, may go: by what their histories say and nothing else. */
import type { Changes, EntryEvent, HistoryEntry } from '../box-office/inventory.ts';
import type { BoxOfficeRequest } from '../box-office/requests.ts';
import type { Stage } from './stage.ts';

interface About {
  stage: Stage;
  entry: HistoryEntry;
  requests: readonly BoxOfficeRequest[];
  changes: Changes;
}
type Rule = (about: About) => boolean;

const isInTime: Rule = ({ stage, entry }) => entry.at.getTime() < (stage.deadlines.get(entry.bookingId) ?? 0);
const isOverdue: Rule = (about) => !isInTime(about);
/** By its owner or the house; by name, or by the place in the line that it was offered to. */
const isAsked: Rule = ({ stage: { ledger }, entry: { bookingId }, requests }) => {
  const booking = ledger.bookings.get(bookingId);
  return requests.some((request) => {
    const isTheirs = !('userId' in request) || request.userId === null || request.userId === booking?.userId;
    const isNamed =
      ('bookingId' in request && request.bookingId === bookingId) ||
      ('entryId' in request && request.entryId === booking?.entryId);
    return isTheirs && isNamed;
  });
};
const isLonger: Rule = ({ stage, entry: { bookingId, data } }) =>
  Date.parse(String(data.expiresAt)) > (stage.deadlines.get(bookingId) ?? 0);
/** The request that cancels the show may come later in the same batch. */
const isGoingOn: Rule = ({ stage: { ledger }, entry: { at }, changes }) =>
  (ledger.show.cancellation === null || changes.cancelsShow !== null) && at < ledger.show.startsAt;
const isOnSale: Rule = (about) => {
  const { at } = about.entry;
  const { salesOpenAt, salesCloseAt } = about.stage.ledger.show;
  return isGoingOn(about) && at < salesCloseAt && salesOpenAt !== null && at >= salesOpenAt;
};
const isStartOrInTime: Rule = (about) => (about.entry.seq === 1 ? isOnSale(about) : isInTime(about));
const isPaidOrInTime: Rule = (about) => about.stage.states.get(about.entry.bookingId) === 'paying' || isInTime(about);
/** Visitors cancel until the show begins, unless the organiser has called it off; the house does so whenever it likes. */
const isNotLate: Rule = ({ stage: { ledger }, entry: { at, actor } }) =>
  !actor.startsWith('user:') || at < ledger.show.startsAt || ledger.show.cancellation !== null;

/** From which states, to which, and when. A refund leaves a booking where it is. */
const MOVES: Record<string, { from: string[]; to: string | null; rules: Record<string, Rule> }> = {
  held: { from: [''], to: 'held', rules: { 'on sale': isOnSale, 'asked for': isAsked } },
  offered: { from: [''], to: 'held', rules: { 'on sale': isOnSale } },
  booked: { from: [''], to: 'confirmed', rules: { 'on sale': isOnSale, 'asked for': isAsked } },
  paying: { from: ['', 'held'], to: 'paying', rules: { 'in time': isStartOrInTime, 'asked for': isAsked } },
  payment_failed: { from: ['paying'], to: 'held', rules: { 'asked for': isAsked } },
  confirmed: { from: ['held', 'paying'], to: 'confirmed', rules: { 'in time': isPaidOrInTime, 'asked for': isAsked } },
  claimed_again: {
    from: ['released', 'expired'],
    to: 'confirmed',
    rules: { 'asked for': isAsked, 'before the show': isGoingOn },
  },
  refunded: { from: ['released', 'expired', 'confirmed', 'cancelled'], to: null, rules: { 'asked for': isAsked } },
  extended: { from: ['held'], to: 'held', rules: { longer: isLonger, 'in time': isInTime, 'asked for': isAsked } },
  released: { from: ['held'], to: 'released', rules: { 'asked for': isAsked } },
  expired: { from: ['held'], to: 'expired', rules: { overdue: isOverdue } },
  cancelled: { from: ['confirmed'], to: 'confirmed', rules: { 'before the show': isNotLate, 'asked for': isAsked } },
};

/** Follows a booking by one move of a commit's history. @throws Error when it cannot go that way */
export function checkMove(
  stage: Stage,
  requests: readonly BoxOfficeRequest[],
  changes: Changes,
  entry: HistoryEntry,
): void {
  const { bookingId, type, at, data, seq } = entry;
  stage.seen.add(type);
  const move = MOVES[type];
  const from = stage.states.get(bookingId) ?? '';
  if (!move?.from.includes(from)) throw new Error(`booking ${bookingId} cannot be ${type} when it is ${from}`);
  for (const [what, rule] of Object.entries(move.rules)) {
    if (!rule({ stage, entry, requests, changes })) {
      stage.blame(`booking ${bookingId} is ${type} at ${at.toISOString()}, which is not ${what}`);
    }
  }
  if (typeof data.expiresAt === 'string') stage.deadlines.set(bookingId, Date.parse(data.expiresAt));
  const after = stage.ledger.bookings.get(bookingId);
  const isLast = after?.historySeq === seq;
  // Some of its tickets, or the last of them; only a refund can come after that.
  const isMore = changes.history.some(
    (later) => later.bookingId === bookingId && later.type === type && later.seq > seq,
  );
  const isEnd = type === 'cancelled' && after?.status === 'cancelled' && !isMore;
  const to = isEnd ? 'cancelled' : (move.to ?? from);
  stage.states.set(bookingId, to);
  if (isLast && after.status !== to) stage.blame(`booking ${bookingId} is ${after.status} after it was ${type}`);
}

const ENTRY_MOVES: Record<EntryEvent['type'], [from: string, to: string]> = {
  joined: ['', 'waiting'],
  passed: ['waiting', 'waiting'],
  saving: ['waiting', 'waiting'],
  saved_in_vain: ['waiting', 'waiting'],
  offered: ['waiting', 'offered'],
  converted: ['offered', 'converted'],
  declined: ['offered', 'declined'],
  lapsed: ['offered', 'lapsed'],
  left: ['waiting', 'left'],
  closed: ['waiting', 'closed'],
};

/** Follows somebody who waits by one move. @throws Error when they cannot go that way */
export function checkEntryMove(stage: Stage, { entryId, seq, type }: EntryEvent): void {
  stage.seen.add(type);
  const [from, to] = ENTRY_MOVES[type];
  const state = stage.states.get(entryId) ?? '';
  if (state !== from) throw new Error(`entry ${entryId} cannot be ${type} when it is ${state}`);
  stage.states.set(entryId, to);
  const entry = stage.ledger.entries.get(entryId);
  if (entry?.version === seq && entry.status !== to)
    stage.blame(`entry ${entryId} is ${entry.status}, and was ${type}`);
}
