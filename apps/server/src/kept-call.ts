import type { Context } from '@evently/api/context';
import { refuseOpenCall } from '@evently/api/guard';
import { noMetrics } from '@evently/api/metrics';
import type { ProcedureInfo } from '@evently/api/procedures';
import { problemOf, toTrpcError } from '@evently/api/trpc';
import { getTRPCErrorFromUnknown } from '@trpc/server';
import type { KeptAnswer, PublicRead, PublicReads } from './public-reads.ts';

/** A call whose answer is the same for everybody. */
export interface KeptCall {
  procedure: ProcedureInfo;
  about: PublicRead;
  /** As it was sent; what the answer is kept under. */
  url: string;
  readInput: () => unknown;
  /** Runs the procedure, and answers what goes out. */
  run: (ctx: Context) => Promise<string>;
}

/**
 * Answers a call from what is kept, or runs it for all who ask the same at this moment. Either way it counts as a call of
 * this caller.
 *
 * @throws TRPCError
 */
export async function answerKept(reads: PublicReads, ctx: Context, call: KeptCall): Promise<KeptAnswer> {
  const { procedure, about, url, readInput, run } = call;
  const began = performance.now();
  try {
    const refusal = await refuseOpenCall(ctx);
    if (refusal) throw toTrpcError(refusal);
    // The one who runs it does so for others, too: it is counted here, for each of them.
    const forAll = () => run({ ...ctx, address: null, metrics: noMetrics });
    const kept = reads.find(url) ?? (await reads.load(url, about, readInput(), forAll));
    ctx.metrics.answered(procedure.path, performance.now() - began, null);
    return kept;
  } catch (cause) {
    const error = getTRPCErrorFromUnknown(cause);
    ctx.metrics.answered(procedure.path, performance.now() - began, problemOf(error).code);
    throw error;
  }
}
