import { shapeProblem } from '@evently/api/error-shape';
import type { Problem } from '@evently/api/problem';
import { transformer } from '@evently/api/trpc';
import type { FastifyReply } from 'fastify';
import { describeAt, retryAfter } from './problem-reply.ts';

/** A problem as tRPC's clients read it, where tRPC itself was not reached. */
export function trpcProblemBody(problem: Problem, requestId: string, status?: number): string {
  return JSON.stringify({ error: transformer.output.serialize(shapeProblem(describeAt(problem, status), requestId)) });
}

export function sendTrpcProblem(reply: FastifyReply, problem: Problem, status?: number): FastifyReply {
  retryAfter(reply, problem);
  return reply
    .code(describeAt(problem, status).status)
    .type('application/json; charset=utf-8')
    .send(trpcProblemBody(problem, reply.request.id, status));
}
