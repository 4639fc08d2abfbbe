import type { TRPC_ERROR_CODE_NUMBER } from '@trpc/server';
import type { DescribedProblem } from './problem.ts';

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
