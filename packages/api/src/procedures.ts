import type { AnyTRPCProcedure } from '@trpc/server';
import { z } from 'zod';
import type { Middleware, ProcedureType } from './call-procedure.ts';
import type { ProcedureMeta } from './meta.ts';
import { schemaBehind } from './parse-at-once.ts';
import { routes } from './router.ts';

/** A procedure as adapters see it: the REST routes, the reference, the SDK's table and the test matrices are made from these. */
export interface ProcedureInfo {
  /** As in `bookings.hold`. */
  path: string;
  type: ProcedureType;
  meta: ProcedureMeta;
  input: z.ZodType;
  output: z.ZodType;
  /** What a call of it passes through, in order; see call-procedure.ts. */
  middlewares: readonly Middleware[];
}

// tRPC keeps the parsers in `_def`, which its types leave out.
const definition = z.object({
  type: z.enum(['query', 'mutation', 'subscription']),
  meta: z.custom<ProcedureMeta>((value) => typeof value === 'object'),
  inputs: z.array(z.instanceof(z.ZodType)).length(1),
  output: z.instanceof(z.ZodType),
  middlewares: z.array(z.custom<Middleware>((value) => typeof value === 'function')).min(1),
});

interface Routes {
  [name: string]: AnyTRPCProcedure | Routes;
}

const isProcedure = (entry: AnyTRPCProcedure | Routes): entry is AnyTRPCProcedure => typeof entry === 'function';

/**
 * Every procedure that answers once, in the router's order: what REST, the reference and the SDK's calls are made from.
 *
 * @throws ZodError when one lacks its meta, input or output
 */
export function listProcedures(): ProcedureInfo[] {
  return listRoutes(routes, '').filter(({ type }) => type !== 'subscription');
}

/** Every procedure that goes on answering. REST has no place for them; tRPC streams them, the SDK has a call of its own. */
export function listSubscriptions(): ProcedureInfo[] {
  return listRoutes(routes, '').filter(({ type }) => type === 'subscription');
}

function listRoutes(record: Routes, prefix: string): ProcedureInfo[] {
  return Object.entries(record).flatMap(([name, entry]) => {
    const path = `${prefix}${name}`;
    if (!isProcedure(entry)) return listRoutes(entry, `${path}.`);
    const { type, meta, inputs, output, middlewares } = definition.parse(entry._def);
    return [{ path, type, meta, input: schemaBehind(inputs[0]!), output: schemaBehind(output), middlewares }];
  });
}
