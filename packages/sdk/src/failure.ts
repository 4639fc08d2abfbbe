import { TRPCClientError } from '@trpc/client';
import type { DescribedProblem, ProblemCode } from './contract.ts';
import { EventlyError } from './error.ts';

/** What an attempt came to when it did not succeed. */
export interface Failure {
  error: EventlyError;
  /**
   * What may be sent again: `always` when the server said that it did nothing, `repeatable` when it may have, so that only
   * a call that can be repeated is, `never` when the same request would get the same answer.
   */
  again: 'always' | 'repeatable' | 'never';
}

/** Something answered, but not Evently: a proxy's page, or another program at this address. */
export class ForeignAnswer extends Error {
  override readonly name = 'ForeignAnswer';
  readonly status: number;

  constructor(status: number) {
    super(`The answer (HTTP ${status}) was not one of Evently's.`);
    this.status = status;
  }
}

/** The caller's own `token` function threw. */
export class TokenFailure extends Error {
  override readonly name = 'TokenFailure';
}

/** With these the server says that it turned the request away before doing anything. */
const TURNED_AWAY: ReadonlySet<ProblemCode> = new Set(['overloaded', 'unavailable', 'too_many_requests']);

/**
 * Makes a failure of whatever an attempt threw.
 *
 * @throws what the caller's `token` function threw: it is the caller's, not ours
 */
export function explainFailure(thrown: unknown, idempotencyKey: string | undefined): Failure {
  const {
    cause = thrown,
    data,
    meta,
  } = thrown instanceof TRPCClientError ? thrown : { data: undefined, meta: undefined };
  if (cause instanceof TokenFailure) throw cause.cause;
  if (isAnswerOfEvently(data)) {
    const { problem, requestId } = data;
    const error = new EventlyError(problem, { requestId, idempotencyKey });
    return { error, again: TURNED_AWAY.has(problem.code) ? 'always' : 'never' };
  }
  const foreign = cause instanceof ForeignAnswer ? cause : foreignAnswerIn(meta?.response);
  if (!foreign) {
    const error = noAnswer('The server could not be reached; please try again.', cause, idempotencyKey);
    return { error, again: 'repeatable' };
  }
  const error = noAnswer(`${foreign.message} Is the url right?`, foreign, idempotencyKey);
  return { error, again: foreign.status >= 500 || foreign.status === 429 ? 'repeatable' : 'never' };
}

/** The error of a call that got no answer of Evently's. */
export function noAnswer(detail: string, cause: unknown, idempotencyKey: string | undefined): EventlyError {
  const problem: DescribedProblem = {
    code: 'unavailable',
    retryAfterMs: 0,
    title: 'The service is unavailable',
    status: 503,
    detail,
    retryable: true,
  };
  return new EventlyError(problem, { cause, idempotencyKey });
}

// By its shape, since a custom fetch may answer with a class of its own.
function foreignAnswerIn(response: unknown): ForeignAnswer | undefined {
  if (typeof response !== 'object' || response === null) return undefined;
  const { status } = response as { status?: unknown };
  return typeof status === 'number' ? new ForeignAnswer(status) : undefined;
}

function isAnswerOfEvently(data: unknown): data is { problem: DescribedProblem; requestId: string } {
  if (typeof data !== 'object' || data === null) return false;
  const { problem, requestId } = data as { problem?: unknown; requestId?: unknown };
  return typeof requestId === 'string' && typeof problem === 'object' && problem !== null && 'code' in problem;
}
