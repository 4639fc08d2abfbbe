import { type Problem, problemKinds } from '@evently/api/problem';
import { problemOf, shapeError, toTrpcError, transformer } from '@evently/api/trpc';
import { TRPCError } from '@trpc/server';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { expect, test } from 'vitest';
import { trpcProblemBody } from './trpc-problem.ts';

const throughTrpc = (error: TRPCError) =>
  JSON.stringify({ error: transformer.output.serialize(shapeError(error, 'r')) });

test.each<Problem>([
  { code: 'overloaded', retryAfterMs: 1000 },
  { code: 'not_found' },
  { code: 'internal' },
  { code: 'invalid_input', issues: [{ path: '', message: 'is not a request we can read' }] },
])('$code reads the same where tRPC was not reached', (problem) => {
  const body = trpcProblemBody(problem, 'r');
  expect(body).toBe(throughTrpc(toTrpcError(problem)));
  expect(body).toContain(`"code":${TRPC_ERROR_CODES_BY_KEY[problemKinds[problem.code].trpc]},`);
});

test('what tRPC itself refuses reads as the problem that it is', () => {
  for (const code of ['METHOD_NOT_SUPPORTED', 'PARSE_ERROR', 'UNSUPPORTED_MEDIA_TYPE'] as const) {
    const refusal = new TRPCError({ code });
    expect(throughTrpc(refusal)).toBe(trpcProblemBody(problemOf(refusal), 'r'));
  }
});
