import type { TRPCBuiltRouter } from '@trpc/server';
import type { ErrorShape } from './error-shape.ts';
import type { ProcedureMeta } from './meta.ts';
import type { routes } from './router.ts';

/**
 * What the server offers, as clients may know it: every procedure with its input and output, the shape of errors, and
 * nothing of how it is done. The context is erased, so that no type of the server's reaches a client's declarations.
 */
export type Contract = TRPCBuiltRouter<
  { ctx: object; meta: ProcedureMeta; errorShape: ErrorShape; transformer: true },
  typeof routes
>;
