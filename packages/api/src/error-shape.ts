import type { TRPC_ERROR_CODE_NUMBER } from '@trpc/server';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { type DescribedProblem, problemKinds } from './problem.ts';

/** What tRPC clients find in `error.data`. */
export interface ErrorData {
  problem: DescribedProblem;
  requestId: string;
  httpStatus: number;
}

/** A tRPC error as it travels. */
export interface ErrorShape {
  /** JSON-RPC's number for the kind of error. With any wider type tRPC would take the shape for its default one. */
  code: TRPC_ERROR_CODE_NUMBER;
  /** The problem's `detail`. */
  message: string;
  data: ErrorData;
}

/** A problem as tRPC's clients read it, wherever it came up: the number says no more than the problem's code. */
export function shapeProblem(problem: DescribedProblem, requestId: string): ErrorShape {
  const data = { problem, requestId, httpStatus: problem.status };
  return { code: TRPC_ERROR_CODES_BY_KEY[problemKinds[problem.code].trpc], message: problem.detail, data };
}
