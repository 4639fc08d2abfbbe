import type { TicketStatus } from '@evently/db/schema';
import type { HistoryType } from './box-office/inventory.ts';
import type { ProblemCode } from './problem.ts';
import type { RoomState } from './waiting-room/room-rules.ts';

/** What became of bookings, as organisers count it. */
export type BookingOutcome = 'held' | 'booked' | 'confirmed' | 'refunded' | 'released' | 'expired' | 'cancelled';

/** What was asked for by those who were turned away before any work was done for them. */
export type ShedCall = 'confirm' | 'hold' | 'browse' | 'other';

/**
 * What the office tells of its work. Every method is called on hot paths, tens of thousands of times a second: it takes
 * plain arguments, costs well under a microsecond or two, keeps nothing of them, and never throws. What has no bound of
 * its own, such as the category of an event, is bounded by whoever listens.
 */
export interface Metrics {
  /** A procedure was called and answered, after `ms` milliseconds; `problem` is null when it did what was asked. */
  answered(procedure: string, ms: number, problem: ProblemCode | null): void;
  /** A box office decided this many requests in one committed transaction, which took `ms` milliseconds. */
  batch(requests: number, ms: number): void;
  bookings(outcome: BookingOutcome, category: string, count: number): void;
  ticketsSold(category: string, count: number): void;
  /** What came of asking for the locks of a claim: `repeated` is the same claim again; `late` and `outage` went on without. */
  seatLock(outcome: 'taken' | 'refused' | 'repeated' | 'late' | 'outage'): void;
  cacheRead(cache: string, isHit: boolean): void;
  /** A call was turned away as `overloaded` before any work was done for it. */
  shed(call: ShedCall): void;
  /** A waiting room answered somebody who joined, asked, or wanted in. */
  waitingRoom(answer: RoomState): void;
  /** Somebody who watched was given up, since they read too slowly. */
  watcherDropped(): void;
  /** A read that a replica may serve was served. */
  catalogueRead(from: 'primary' | 'replica'): void;
  job(name: string, ms: number, isDone: boolean): void;
}

const ignore = () => undefined;

/** For processes that nobody watches. */
export const noMetrics: Metrics = {
  answered: ignore,
  batch: ignore,
  bookings: ignore,
  ticketsSold: ignore,
  seatLock: ignore,
  cacheRead: ignore,
  shed: ignore,
  waitingRoom: ignore,
  watcherDropped: ignore,
  catalogueRead: ignore,
  job: ignore,
};

/** What is counted of a booking's history; the rest of it is on the way to one of these. */
const OUTCOMES: Partial<Record<HistoryType, BookingOutcome>> = {
  held: 'held',
  offered: 'held',
  booked: 'booked',
  confirmed: 'confirmed',
  claimed_again: 'confirmed',
  refunded: 'refunded',
  released: 'released',
  expired: 'expired',
  cancelled: 'cancelled',
};

/** As much of a batch's changes as is counted. */
export interface CountedChanges {
  history: readonly { type: HistoryType }[];
  /** Those of new bookings among them. */
  newTickets: readonly { ticket: { status: TicketStatus } }[];
  changedTickets: readonly { to: TicketStatus }[];
}

/** Counts what a batch did; for when it is committed, not before. */
export function countChanges(
  metrics: Pick<Metrics, 'bookings' | 'ticketsSold'>,
  category: string,
  changes: CountedChanges,
): void {
  const counts = new Map<BookingOutcome, number>();
  for (const { type } of changes.history) {
    const outcome = OUTCOMES[type];
    if (outcome) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  for (const [outcome, count] of counts) metrics.bookings(outcome, category, count);
  let sold = 0;
  for (const { ticket } of changes.newTickets) sold += ticket.status === 'valid' ? 1 : 0;
  for (const { to } of changes.changedTickets) sold += to === 'valid' ? 1 : 0;
  if (sold > 0) metrics.ticketsSold(category, sold);
}
