import type { DescribedProblem, ProblemCode } from './contract.ts';

// A look-up rather than `Extract`, so that an error of one code is an error of any code to the compiler.
type ProblemsByCode = { [P in DescribedProblem as P['code']]: P };

/** A problem of one code, with the facts that go with it and what is the same for all of that code. */
export type ProblemOf<C extends ProblemCode> = ProblemsByCode[C];

/**
 * Why a call failed. What the server refuses arrives with its problem and facts; when no answer of the server's arrives at
 * all, the problem is `unavailable` and `cause` says why.
 *
 * @example
 * ```ts
 * try {
 *   await evently.bookings.book({ showId, seatIds });
 * } catch (error) {
 *   if (isProblem(error, 'seat_taken')) console.log('Gone:', error.problem.seatIds);
 *   else throw error;
 * }
 * ```
 */
export class EventlyError<C extends ProblemCode = ProblemCode> extends Error {
  override readonly name = 'EventlyError';
  /** What went wrong, as data: `code` tells which members there are. */
  readonly problem: ProblemOf<C>;
  /** The HTTP status of the problem. */
  readonly status: number;
  /** Whether the very same request may succeed when it is sent again. */
  readonly retryable: boolean;
  /** What the server's log calls the request; empty when no answer of the server's arrived. */
  readonly requestId: string;
  /**
   * The key that the call was sent with, if it takes one. When the outcome is unknown (`unavailable`), repeating the call
   * with this key gives the outcome, or does what was not done: never twice.
   */
  readonly idempotencyKey: string | undefined;

  /** Made by the client; of use to others in tests. */
  constructor(
    problem: ProblemOf<C>,
    facts: { requestId?: string; idempotencyKey?: string | undefined; cause?: unknown } = {},
  ) {
    super(problem.detail, 'cause' in facts ? { cause: facts.cause } : undefined);
    this.problem = problem;
    this.status = problem.status;
    this.retryable = problem.retryable;
    this.requestId = facts.requestId ?? '';
    this.idempotencyKey = facts.idempotencyKey;
  }
}

/**
 * Whether something thrown is a problem of Evently's; with codes, whether it is one of these, and then `problem` is narrowed
 * to it.
 *
 * @example
 * ```ts
 * if (isProblem(error, 'sold_out')) error.problem.available;
 * if (isProblem(error, 'overloaded', 'too_many_requests')) error.problem.retryAfterMs;
 * ```
 */
export function isProblem<C extends ProblemCode = ProblemCode>(
  error: unknown,
  ...codes: C[]
): error is EventlyError<C> {
  if (!(error instanceof EventlyError)) return false;
  const { code }: { code: ProblemCode } = error.problem;
  return codes.length === 0 || codes.some((wanted) => wanted === code);
}
