/** What the clients of a rush were told, as they were told it: the journal that the database is held against later. */
import { type Booking, isProblem, type ProblemCode } from '@evently/sdk';

export const callKinds = ['look', 'hold', 'confirm', 'book', 'release'] as const;
export type CallKind = (typeof callKinds)[number];

/** `outside`: not come yet. `left`: without a ticket. `changed`: had a hold, and did not want it after all. */
export const buyerStates = ['outside', 'looking', 'deciding', 'served', 'changed', 'left'] as const;
export type BuyerState = (typeof buyerStates)[number];

/** A sale that a client was told of. */
export interface Sale {
  bookingId: string;
  userId: string;
  total: number;
  tickets: { id: string; sectionId: string; seatId: string | null; price: number }[];
}

export interface Tally {
  /** How long each call took, refused or not, in milliseconds. */
  latencies: Record<CallKind, number[]>;
  /** Of the calls that buy, in the order in which they were answered. */
  buying: number[];
  sales: Sale[];
  ticketsSold: number;
  /** Tickets sold in each second since the doors opened. */
  soldPerSecond: number[];
  refusals: Map<ProblemCode, number>;
  /** What was neither a sale nor a refusal that a buyer may meet: how often it happened, by what it was. */
  errors: Map<string, number>;
  /** Users one of whose calls went unanswered: the server may have sold them something all the same. */
  unanswered: Set<string>;
  buyers: Record<BuyerState, number>;
}

export function createTally(buyers: number): Tally {
  return {
    latencies: { look: [], hold: [], confirm: [], book: [], release: [] },
    buying: [],
    sales: [],
    ticketsSold: 0,
    soldPerSecond: [],
    refusals: new Map(),
    errors: new Map(),
    unanswered: new Set(),
    buyers: { outside: buyers, looking: 0, deciding: 0, served: 0, changed: 0, left: 0 },
  };
}

/** What a buyer who does nothing wrong may be told in a rush. Any other problem is a fault, in the server or in here. */
const REFUSALS: ReadonlySet<ProblemCode> = new Set([
  'seat_taken',
  'sold_out',
  'hold_expired',
  'invalid_state',
  'payment_declined',
  'limit_exceeded',
  'not_on_sale',
  'admission_required',
  'too_many_requests',
  'overloaded',
  'unavailable',
]);

/** @param elapsedMs since the doors opened */
export function recordSale(tally: Tally, userId: string, booking: Booking, elapsedMs: number): void {
  const tickets = booking.tickets.map(({ id, sectionId, seatId, price }) => ({
    id,
    sectionId,
    seatId,
    price: price.amount,
  }));
  tally.sales.push({ bookingId: booking.id, userId, total: booking.total.amount, tickets });
  tally.ticketsSold += tickets.length;
  const second = Math.floor(elapsedMs / 1000);
  tally.soldPerSecond[second] = (tally.soldPerSecond[second] ?? 0) + tickets.length;
}

/** So many kinds of errors are told apart; whatever comes after them is counted together. */
const ERROR_KINDS = 20;

export function recordError(tally: Tally, what: string, times = 1): void {
  const kind = tally.errors.has(what) || tally.errors.size < ERROR_KINDS ? what : 'others';
  tally.errors.set(kind, (tally.errors.get(kind) ?? 0) + times);
}

export const countErrors = ({ errors }: Pick<Tally, 'errors'>): number =>
  [...errors.values()].reduce((sum, count) => sum + count, 0);

export const countRefusals = ({ refusals }: Pick<Tally, 'refusals'>): number =>
  [...refusals.values()].reduce((sum, count) => sum + count, 0);

/** What came of a call; null for an error. */
export type Answer<T> = { value: T } | { refused: ProblemCode; seatIds: readonly string[] } | null;

/** Makes a call on behalf of a buyer, and writes down how long it took and what it came to if it failed. */
export async function timed<T>(
  tally: Tally,
  kind: CallKind,
  userId: string,
  call: () => Promise<T>,
): Promise<Answer<T>> {
  const began = performance.now();
  let answer: Answer<T>;
  try {
    answer = { value: await call() };
  } catch (error) {
    answer = recordFailure(tally, kind, userId, error);
  }
  // What was never answered has no latency; it would be that of the client's patience.
  if (answer === null) return null;
  const took = performance.now() - began;
  tally.latencies[kind].push(took);
  if (kind !== 'look') tally.buying.push(took);
  return answer;
}

function recordFailure(tally: Tally, kind: CallKind, userId: string, error: unknown): Answer<never> {
  // Without a request id no answer of the server's arrived at all.
  if (isProblem(error) && error.requestId !== '' && REFUSALS.has(error.problem.code)) {
    const { code } = error.problem;
    tally.refusals.set(code, (tally.refusals.get(code) ?? 0) + 1);
    return { refused: code, seatIds: isProblem(error, 'seat_taken') ? error.problem.seatIds : [] };
  }
  tally.unanswered.add(userId);
  const what = error instanceof Error ? error.message : String(error);
  recordError(tally, `${kind}: ${isProblem(error) ? `${error.problem.code}, ` : ''}${what}`);
  return null;
}
