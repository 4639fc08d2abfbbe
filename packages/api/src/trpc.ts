import { isTransient } from '@evently/db/transaction';
import { initTRPC, TRPCError, type TRPCProcedureType, tracked } from '@trpc/server';
import superjson from 'superjson';
import { ZodError, z } from 'zod';
import type { Caller, Context } from './context.ts';
import { type ErrorShape, shapeProblem } from './error-shape.ts';
import { refuseCaller, refuseRawInput } from './guard.ts';
import type { ProcedureMeta, Tier } from './meta.ts';
import { parsesAtOnce } from './parse-at-once.ts';
import { describeProblem, type InputIssue, type Problem, ProblemError, problemKinds } from './problem.ts';
import { serializeOutput } from './wire.ts';

/**
 * Inputs travel as plain JSON: the reading side of superjson can be made to stall a server. Outputs go through superjson,
 * so that instants arrive as `Date`.
 */
export const transformer = {
  input: { serialize: (value: unknown) => value, deserialize: (value: unknown) => value },
  output: { serialize: serializeOutput, deserialize: superjson.deserialize },
};

/** The ids of requests that failed before they had a context; whoever sees such an error first enters it. */
export const requestIds = new WeakMap<TRPCError, string>();

const t = initTRPC
  .context<Context>()
  .meta<ProcedureMeta>()
  .create({
    transformer,
    isDev: false,
    errorFormatter: ({ error, ctx }): ErrorShape => shapeError(error, ctx?.requestId ?? requestIds.get(error) ?? ''),
  });

/** An error as it travels to tRPC's clients. */
export function shapeError(error: TRPCError, requestId: string): ErrorShape {
  return shapeProblem(describeProblem(problemOf(error)), requestId);
}

const RETRY_AFTER_MS = 1000;
// A small body can be wrong in thousands of ways; the answer to it stays small, too.
const MAX_ISSUES = 50;

/** The problem in an error that reached the edge. What we did not foresee is `internal` and says nothing else. */
export function problemOf(error: TRPCError): Problem {
  if (error.cause instanceof ProblemError) return error.cause.problem;
  if (error.cause instanceof ZodError && error.code === 'BAD_REQUEST') {
    return { code: 'invalid_input', issues: listIssues(error.cause.issues, []).slice(0, MAX_ISSUES) };
  }
  // The database is away, or too busy to answer in time: nobody's request is to blame.
  if (isTransient(error.cause)) return { code: 'unavailable', retryAfterMs: RETRY_AFTER_MS };
  switch (error.code) {
    // tRPC's own refusals: an unknown procedure, a method that does not fit, a body it cannot read.
    case 'NOT_FOUND':
    case 'METHOD_NOT_SUPPORTED':
      return { code: 'not_found' };
    case 'PARSE_ERROR':
    case 'BAD_REQUEST':
    case 'PAYLOAD_TOO_LARGE':
    case 'UNSUPPORTED_MEDIA_TYPE':
      return {
        code: 'invalid_input',
        issues: [{ path: '', message: 'is not a request that this procedure can read' }],
      };
    default:
      return { code: 'internal' };
  }
}

type ZodIssue = ZodError['issues'][number];

/** What zod objects to, one issue per field. */
function listIssues(issues: readonly ZodIssue[], within: readonly PropertyKey[]): InputIssue[] {
  return issues.flatMap((issue) => {
    const path = [...within, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'is not a field' }));
    }
    if (issue.code === 'invalid_union') {
      // The alternative that was meant is the one that takes the value as such and objects to something in it.
      const meant = issue.errors.filter((errors) => errors.every((inner) => inner.path.length > 0));
      if (meant.length === 1) return listIssues(meant[0]!, path);
    }
    return [{ path: path.join('.'), message: issue.message }];
  });
}

/** A problem as tRPC throws it. Like the problem's own error it has no stack, which nobody would read. */
export function toTrpcError(problem: Problem, cause: ProblemError = new ProblemError(problem)): TRPCError {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = new TRPCError({ code: problemKinds[problem.code].trpc, cause });
  Error.stackTraceLimit = stackTraceLimit;
  return error;
}

/**
 * What stands around every procedure, in one middleware, since each costs a call some microseconds: who calls, how
 * often, and what no input may contain; and afterwards the one place where problems become tRPC errors. The caller who signed in is put on
 * the context as its `actor`: handing on a new context would have tRPC copy it field by field.
 */
const guard = <Override extends object>(tier: Tier) =>
  t.middleware<Override>(async ({ ctx, next, path, type, meta, getRawInput }) => {
    const began = performance.now();
    const refusal = (await refuseCaller(ctx, tier, meta)) ?? refuseRawInput(await getRawInput());
    if (refusal) {
      ctx.metrics.answered(path, performance.now() - began, refusal.code);
      throw toTrpcError(refusal);
    }
    const result = await next();
    const problem = result.ok ? null : problemOf(result.error);
    ctx.metrics.answered(path, performance.now() - began, problem?.code ?? null);
    if (result.ok || problem === null) return result;
    // Called through tRPC's own caller, what a verb throws comes as an internal error.
    if (result.error.cause instanceof ProblemError) {
      if (result.error.code === problemKinds[problem.code].trpc) return result;
      throw toTrpcError(problem, result.error.cause);
    }
    if (problem.code === 'internal' || problem.code === 'unavailable') logUnexpected(ctx, path, type, result.error);
    if (problem.code === 'unavailable') throw toTrpcError(problem);
    return result;
  });

function logUnexpected(ctx: Context, path: string, type: TRPCProcedureType, error: TRPCError): void {
  ctx.log.error({ err: error.cause ?? error, requestId: ctx.requestId, procedure: path, type }, 'a procedure failed');
}

const guarded = <Override extends object>(tier: Tier) =>
  parsesAtOnce(t.procedure.meta({ tier }).use(guard<Override>(tier)));

/** Anybody may call it. */
export const openProcedure = guarded<object>('open');
/** Somebody who signed in. */
export const userProcedure = guarded<Caller>('user');
/** Staff at the door, and admins. */
export const staffProcedure = guarded<Caller>('staff');
/** Admins only. */
export const adminProcedure = guarded<Caller>('admin');

export const { router: createRouter, createCallerFactory } = t;

/** What a subscription answers, one after another, each under its version: by that, clients say where they left off. */
interface Versioned {
  version: number;
  data: unknown;
}

/** The output of a subscription whose events are these. */
export function streamOf<T extends z.ZodType>(event: T) {
  return z
    .custom<AsyncIterable<Versioned & { data: z.input<T> }>>(isAsyncIterable)
    .transform((events) => trackEach(events, event));
}

const isAsyncIterable = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

async function* trackEach<T extends z.ZodType>(events: AsyncIterable<Versioned>, event: T) {
  for await (const { version, data } of events) yield tracked(String(version), event.parse(data));
}
