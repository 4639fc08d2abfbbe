/** What a cancellation returns and what it keeps. Pure; amounts are integer minor units. */
import type { RefundTerms } from '@evently/db/schema';
import type { PaymentState } from '../box-office/inventory.ts';
import type { RefundMode } from '../box-office/requests.ts';
import { refundOf, termsSince } from '../policies/refund-rules.ts';
import type { Problem } from '../problem.ts';
import type { BookingFacts, TicketFacts } from './booking.ts';

/** What decides on a cancellation besides the tickets. */
export interface CancellationCase {
  now: Date;
  startsAt: Date;
  collectAtDoor: boolean;
  /** Whether the organiser cancelled the show: then everything goes back, whatever the policy and the time. */
  isShowCancelled: boolean;
  /** Of the show, in order of time. */
  refundTerms: readonly RefundTerms[];
  /** When the booking was made. */
  bookedAt: Date;
  /** Whether there is money to return. */
  isPaid: boolean;
}

export interface CancellationQuote {
  /** What goes back. */
  refund: number;
  /** What is kept. */
  fee: number;
  /**
   * What decided: `policy` the show's rules, `too_late` that none of them is left, `full_refund` that there are none, or that
   * an admin says so, `no_refund` an admin, `show_cancelled` the organiser, `nothing_paid` and `nothing_left` for themselves.
   */
  rule: 'policy' | 'too_late' | 'full_refund' | 'no_refund' | 'show_cancelled' | 'nothing_paid' | 'nothing_left';
  /** The terms that were applied, under `policy` and `too_late`. */
  terms: RefundTerms | null;
}

/** What cancelling these tickets returns. By tickets, so that parts add up to the whole. */
export function quoteCancellation(
  tickets: readonly Pick<TicketFacts, 'price'>[],
  of: CancellationCase,
  mode: RefundMode,
): CancellationQuote {
  const price = sumOf(tickets, (ticket) => ticket.price);
  if (tickets.length === 0) return { refund: 0, fee: 0, rule: 'nothing_left', terms: null };
  if (price === 0 || of.collectAtDoor || !of.isPaid) return { refund: 0, fee: 0, rule: 'nothing_paid', terms: null };
  if (mode === 'none') return { refund: 0, fee: price, rule: 'no_refund', terms: null };
  if (of.isShowCancelled) return { refund: price, fee: 0, rule: 'show_cancelled', terms: null };
  if (mode === 'full') return { refund: price, fee: 0, rule: 'full_refund', terms: null };
  return quoteByTerms(tickets, price, of);
}

/** Whoever bought when the terms were better keeps them, and gets the better ones that came since. */
function quoteByTerms(
  tickets: readonly Pick<TicketFacts, 'price'>[],
  price: number,
  { now, startsAt, refundTerms, bookedAt }: CancellationCase,
): CancellationQuote {
  const candidates = termsSince(refundTerms, bookedAt);
  const returned = (terms: RefundTerms) => sumOf(tickets, (ticket) => refundOf(terms, ticket.price, startsAt, now));
  const best = candidates.reduce((a, b) => (returned(b) > returned(a) ? b : a));
  const refund = sumOf(tickets, (ticket) =>
    Math.max(...candidates.map((terms) => refundOf(terms, ticket.price, startsAt, now))),
  );
  if (best.policy === null && refund > 0) return { refund, fee: price - refund, rule: 'full_refund', terms: null };
  return { refund, fee: price - refund, rule: refund > 0 ? 'policy' : 'too_late', terms: best };
}

const sumOf = <T>(items: readonly T[], amountOf: (item: T) => number): number =>
  items.reduce((sum, item) => sum + amountOf(item), 0);

/**
 * The tickets that a cancellation would void: those that are named, or all, less what is void already.
 *
 * @param ticketIds null: all of them
 * @param owner what holds for the owner, who no longer cancels once the show began; null for the house, which may
 */
export function ticketsToCancel<T extends Pick<TicketFacts, 'id' | 'status'>>(
  { status, tickets }: Pick<BookingFacts, 'status'> & { tickets: readonly T[] },
  ticketIds: readonly string[] | null,
  owner: Pick<CancellationCase, 'now' | 'startsAt' | 'isShowCancelled'> | null,
): { tickets: T[] } | { problem: Problem } {
  const own = new Set(tickets.map((ticket) => ticket.id));
  const unknown = ticketIds?.findIndex((id) => !own.has(id)) ?? -1;
  if (unknown >= 0) {
    const issues = [{ path: `ticketIds.${unknown}`, message: 'is not a ticket of this booking' }];
    return { problem: { code: 'invalid_input', issues } };
  }
  const leaving = tickets.filter(
    (ticket) => ticket.status !== 'void' && (ticketIds === null || ticketIds.includes(ticket.id)),
  );
  if (status !== 'confirmed' && status !== 'cancelled') return { problem: { code: 'invalid_state', state: status } };
  if (leaving.some((ticket) => ticket.status === 'used')) return { problem: { code: 'invalid_state', state: 'used' } };
  const isTooLate = owner !== null && owner.now >= owner.startsAt && !owner.isShowCancelled;
  if (leaving.length > 0 && isTooLate) return { problem: { code: 'invalid_state', state: 'show_started' } };
  return { tickets: leaving };
}

/** The charge that a refund of so much comes from: one that succeeded, and of which as much has not gone back yet. */
export function chargeToReturn(payments: readonly PaymentState[], amount: number): PaymentState | undefined {
  return payments.find(
    (charge) =>
      charge.kind === 'charge' &&
      charge.status === 'succeeded' &&
      charge.amount - sumOf(payments, (refund) => (refund.chargeId === charge.id ? refund.amount : 0)) >= amount,
  );
}
