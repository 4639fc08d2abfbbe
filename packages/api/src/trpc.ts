import type { Role } from '@evently/db/schema';
import { isTransient } from '@evently/db/transaction';
import { initTRPC, TRPCError, type TRPCProcedureType } from '@trpc/server';
import superjson from 'superjson';
import { ZodError } from 'zod';
import type { Actor, Context } from './context.ts';
import type { ErrorShape } from './error-shape.ts';
import type { ProcedureMeta } from './meta.ts';
import { findForbidden } from './plain-input.ts';
import { describeProblem, type InputIssue, type Problem, ProblemError, problemKinds } from './problem.ts';

/**
 * Inputs travel as plain JSON: the reading side of superjson can be made to stall a server. Outputs go through superjson,
 * so that instants arrive as `Date`.
 */
export const transformer = {
  input: { serialize: (value: unknown) => value, deserialize: (value: unknown) => value },
  output: superjson,
};

/** The ids of requests that failed before they had a context; whoever sees such an error first enters it. */
export const requestIds = new WeakMap<TRPCError, string>();

const t = initTRPC
  .context<Context>()
  .meta<ProcedureMeta>()
  .create({
    transformer,
    isDev: false,
    errorFormatter: ({ shape, error, ctx }): ErrorShape => {
      const problem = describeProblem(problemOf(error));
      const data = { problem, requestId: ctx?.requestId ?? requestIds.get(error) ?? '', httpStatus: problem.status };
      return { code: shape.code, message: problem.detail, data };
    },
  });

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

const throwAsTrpc = (problem: Problem): never => {
  throw new TRPCError({ code: problemKinds[problem.code].trpc, cause: new ProblemError(problem) });
};

/** The one place where problems become tRPC errors. */
const translateProblems = t.middleware(async ({ next, ctx, path, type }) => {
  const result = await next();
  if (result.ok) return result;
  if (result.error.cause instanceof ProblemError) return throwAsTrpc(result.error.cause.problem);
  const problem = problemOf(result.error);
  if (problem.code === 'internal' || problem.code === 'unavailable') logUnexpected(ctx, path, type, result.error);
  return problem.code === 'unavailable' ? throwAsTrpc(problem) : result;
});

function logUnexpected(ctx: Context, path: string, type: TRPCProcedureType, error: TRPCError): void {
  ctx.log.error({ err: error.cause ?? error, requestId: ctx.requestId, procedure: path, type }, 'a procedure failed');
}

/** Runs after the checks of who calls, since permission comes before input. */
const refuseForbiddenInput = t.middleware(async ({ next, getRawInput }) => {
  const found = findForbidden(await getRawInput());
  return found ? throwAsTrpc({ code: 'invalid_input', issues: [found] }) : next();
});

const RANK: Record<Role, number> = { user: 0, staff: 1, admin: 2 };

const requireRole = (least: Role) =>
  t.middleware(async ({ ctx, next }) => {
    const actor: Actor | null = await ctx.findActor();
    if (!actor) return throwAsTrpc({ code: 'unauthenticated' });
    if (RANK[actor.role] < RANK[least]) return throwAsTrpc({ code: 'forbidden' });
    return next({ ctx: { ...ctx, actor } });
  });

const base = t.procedure.use(translateProblems);

/** Anybody may call it. */
export const openProcedure = base.meta({ tier: 'open' }).use(refuseForbiddenInput);
/** Somebody who signed in. */
export const userProcedure = base.meta({ tier: 'user' }).use(requireRole('user')).use(refuseForbiddenInput);
/** Staff at the door, and admins. */
export const staffProcedure = base.meta({ tier: 'staff' }).use(requireRole('staff')).use(refuseForbiddenInput);
/** Admins only. */
export const adminProcedure = base.meta({ tier: 'admin' }).use(requireRole('admin')).use(refuseForbiddenInput);

export const { router: createRouter, createCallerFactory } = t;
