import type { TRPC_ERROR_CODE_KEY } from '@trpc/server';

/** One thing that is wrong with an input; `path` as in `sections.0.quantity`, empty for the input as a whole. */
export interface InputIssue {
  path: string;
  message: string;
}

/** Seats of one section for a whole party, suggested to it or offered in place of seats that are taken. */
export interface SeatSuggestion {
  /** In layout order. */
  seatIds: string[];
  sectionId: string;
  /** All side by side in one row, without an aisle between them. */
  adjacent: boolean;
  /** How many single seats without a free neighbour it would leave behind. */
  orphans: number;
  /** Of all its seats; `amount` in integer minor units. */
  total: { amount: number; currency: string };
}

/** Everything that can go wrong in a way that callers are meant to act on, with the facts they need for it. */
export type Problem =
  | { code: 'invalid_input'; issues: InputIssue[] }
  | { code: 'unauthenticated' }
  | { code: 'invalid_credentials' }
  | { code: 'payment_declined'; reason: string }
  | { code: 'forbidden' }
  | { code: 'admission_required'; showId: string }
  | { code: 'not_found' }
  | { code: 'seat_taken'; seatIds: string[]; alternatives?: SeatSuggestion[] }
  | { code: 'sold_out'; sectionId: string; available: number }
  | { code: 'hold_expired'; state: string }
  | { code: 'invalid_state'; state: string }
  | { code: 'not_on_sale'; opensAt?: string; closedAt?: string }
  | { code: 'email_taken' }
  | { code: 'already_waiting' }
  | { code: 'version_conflict' }
  | { code: 'capacity_below_sold' }
  | { code: 'idempotency_mismatch' }
  | { code: 'limit_exceeded'; limit: number }
  | { code: 'too_many_requests'; retryAfterMs: number }
  | { code: 'overloaded'; retryAfterMs: number }
  | { code: 'unavailable'; retryAfterMs: number }
  | { code: 'internal' };

export type ProblemCode = Problem['code'];
export type ProblemOf<C extends ProblemCode> = Extract<Problem, { code: C }>;

interface ProblemKind {
  /** The HTTP status. */
  status: number;
  /** tRPC's name for that status. */
  trpc: TRPC_ERROR_CODE_KEY;
  title: string;
  /** Whether the very same request may succeed when it is sent again. */
  retryable: boolean;
}

const kind = (status: number, trpc: TRPC_ERROR_CODE_KEY, title: string, retryable = false): ProblemKind => ({
  status,
  trpc,
  title,
  retryable,
});

/** The one table of what each problem is over HTTP; a problem without a row does not compile. */
export const problemKinds: Record<ProblemCode, ProblemKind> = {
  invalid_input: kind(400, 'BAD_REQUEST', 'The input is not valid'),
  unauthenticated: kind(401, 'UNAUTHORIZED', 'Please sign in'),
  invalid_credentials: kind(401, 'UNAUTHORIZED', 'The e-mail address or the password is wrong'),
  payment_declined: kind(402, 'PAYMENT_REQUIRED', 'The payment was declined'),
  forbidden: kind(403, 'FORBIDDEN', 'This is not allowed to you'),
  admission_required: kind(403, 'FORBIDDEN', 'The show has a waiting room'),
  not_found: kind(404, 'NOT_FOUND', 'There is no such thing'),
  seat_taken: kind(409, 'CONFLICT', 'Somebody else has a seat that you asked for', true),
  sold_out: kind(409, 'CONFLICT', 'Not enough places are left'),
  hold_expired: kind(409, 'CONFLICT', 'The hold has expired'),
  invalid_state: kind(409, 'CONFLICT', 'This cannot be done in the present state'),
  not_on_sale: kind(409, 'CONFLICT', 'The show is not on sale'),
  email_taken: kind(409, 'CONFLICT', 'There is an account with this e-mail address'),
  already_waiting: kind(409, 'CONFLICT', 'You are waiting already'),
  version_conflict: kind(409, 'CONFLICT', 'Somebody else changed this in the meantime'),
  capacity_below_sold: kind(409, 'CONFLICT', 'More places are taken than the capacity would allow'),
  idempotency_mismatch: kind(422, 'UNPROCESSABLE_CONTENT', 'The idempotency key was used for another request'),
  limit_exceeded: kind(422, 'UNPROCESSABLE_CONTENT', 'These are more places than one person may have'),
  too_many_requests: kind(429, 'TOO_MANY_REQUESTS', 'Too many requests', true),
  overloaded: kind(503, 'SERVICE_UNAVAILABLE', 'The server is overloaded', true),
  unavailable: kind(503, 'SERVICE_UNAVAILABLE', 'The service is unavailable', true),
  internal: kind(500, 'INTERNAL_SERVER_ERROR', 'Something went wrong on our side'),
};

/** A problem with what is the same for all of its code: what callers see in `error.data.problem` and in problem+json. */
export type DescribedProblem = Problem & {
  title: string;
  status: number;
  /** A sentence for people. */
  detail: string;
  retryable: boolean;
};

const count = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

function detailOf(problem: Problem): string {
  switch (problem.code) {
    case 'invalid_input':
      return problem.issues.map((issue) => (issue.path ? `${issue.path}: ${issue.message}` : issue.message)).join('; ');
    case 'payment_declined':
      return problem.reason === 'payment_required'
        ? 'This booking costs something; send a payment with the request.'
        : `The payment was declined: ${problem.reason}.`;
    case 'seat_taken':
      return `${count(problem.seatIds.length, 'seat')} of those you asked for ${problem.seatIds.length === 1 ? 'is' : 'are'} taken.`;
    case 'sold_out':
      return problem.available === 0
        ? 'No places are left in this section.'
        : `Only ${count(problem.available, 'place')} ${problem.available === 1 ? 'is' : 'are'} left in this section.`;
    case 'hold_expired':
    case 'invalid_state':
      return `${problemKinds[problem.code].title}: it is ${problem.state}.`;
    case 'not_on_sale':
      if (problem.opensAt) return `Sales open at ${problem.opensAt}.`;
      return problem.closedAt ? `Sales closed at ${problem.closedAt}.` : 'The show is not on sale.';
    case 'limit_exceeded':
      return `At most ${count(problem.limit, 'place')} may be held in one show.`;
    case 'too_many_requests':
    case 'overloaded':
    case 'unavailable':
      return `${problemKinds[problem.code].title}; please try again in ${Math.ceil(problem.retryAfterMs / 1000)} s.`;
    default:
      return `${problemKinds[problem.code].title}.`;
  }
}

export function describeProblem(problem: Problem): DescribedProblem {
  const { title, status, retryable } = problemKinds[problem.code];
  return { ...problem, title, status, detail: detailOf(problem), retryable };
}

/** What the domain throws. It knows nothing of tRPC or HTTP; one middleware translates it. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    // A refusal is data, and in a rush the usual answer; nobody reads where it was thrown, and finding that out takes longer
    // than the rest of the refusal.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(problem.code);
    Error.stackTraceLimit = stackTraceLimit;
    this.problem = problem;
  }
}

/** Throws `invalid_input` about one field. */
export function refuseInput(path: string, message: string): never {
  throw new ProblemError({ code: 'invalid_input', issues: [{ path, message }] });
}

export const notFound = (): ProblemError => new ProblemError({ code: 'not_found' });
