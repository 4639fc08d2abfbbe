import { type DescribedProblem, describeProblem, type Problem, ProblemError } from '@evently/api/problem';
import type { FastifyError, FastifyReply } from 'fastify';

/**
 * Answers a problem as RFC 9457 problem+json: the standard members, ours, and the problem's own.
 *
 * @param status where HTTP knows better than the problem, as for a body that is too large (413)
 */
export function sendProblem(reply: FastifyReply, problem: Problem, status?: number): FastifyReply {
  retryAfter(reply, problem);
  return reply
    .code(describeAt(problem, status).status)
    .type('application/problem+json; charset=utf-8')
    .send(problemBody(problem, reply.request.id, status));
}

/** A problem as problem+json. */
export function problemBody(problem: Problem, requestId: string, status?: number): string {
  return JSON.stringify({ type: `urn:evently:problem:${problem.code}`, ...describeAt(problem, status), requestId });
}

/** The problem as it is described, with the status that HTTP has for it. */
export function describeAt(problem: Problem, status?: number): DescribedProblem {
  const described = describeProblem(problem);
  return status === undefined ? described : { ...described, status };
}

export function retryAfter(reply: FastifyReply, problem: Problem): void {
  const seconds = retryAfterSeconds(problem);
  if (seconds !== null) reply.header('retry-after', seconds);
}

/** What the header `Retry-After` says, in whole seconds; null for problems that say nothing of it. */
export function retryAfterSeconds(problem: Problem): number | null {
  return 'retryAfterMs' in problem ? Math.ceil(problem.retryAfterMs / 1000) : null;
}

/** What is refused before a procedure is reached (a body too large, of another type, not JSON, a malformed URL), as a problem. */
export function problemOfFastify(error: FastifyError | ProblemError): { problem: Problem; status?: number } {
  if (error instanceof ProblemError) return { problem: error.problem };
  const status = error.statusCode ?? 500;
  if (status >= 500) return { problem: { code: 'internal' } };
  if (status === 404) return { problem: { code: 'not_found' } };
  const messages: Record<number, string> = {
    413: 'is larger than this procedure reads',
    415: 'must be application/json',
  };
  const problem: Problem = {
    code: 'invalid_input',
    issues: [{ path: '', message: messages[status] ?? 'is not a request we can read' }],
  };
  return { problem, status: status === 413 || status === 415 ? status : 400 };
}
