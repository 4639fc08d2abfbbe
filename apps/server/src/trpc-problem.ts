import type { ErrorShape } from '@evently/api/error-shape';
import type { Problem } from '@evently/api/problem';
import { transformer } from '@evently/api/trpc';
import type { FastifyReply } from 'fastify';
import { describeAt, retryAfter } from './problem-reply.ts';

// JSON-RPC's number for an invalid request, which tRPC uses for everything that it cannot read.
const INVALID_REQUEST = -32_600;

/** A problem as tRPC's clients read it, where tRPC itself was not reached. */
export function trpcProblemBody(problem: Problem, requestId: string, status?: number): string {
  const described = describeAt(problem, status);
  const shape: ErrorShape = {
    code: INVALID_REQUEST,
    message: described.detail,
    data: { problem: described, requestId, httpStatus: described.status },
  };
  return JSON.stringify({ error: transformer.output.serialize(shape) });
}

export function sendTrpcProblem(reply: FastifyReply, problem: Problem, status?: number): FastifyReply {
  retryAfter(reply, problem);
  return reply
    .code(describeAt(problem, status).status)
    .type('application/json; charset=utf-8')
    .send(trpcProblemBody(problem, reply.request.id, status));
}
