import { callProcedure } from '@evently/api/call-procedure';
import type { Context } from '@evently/api/context';
import { listProcedures, type ProcedureInfo } from '@evently/api/procedures';
import { problemOf, shapeError, transformer } from '@evently/api/trpc';
import { getTRPCErrorFromUnknown } from '@trpc/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { JsonBody } from './json-body.ts';
import { retryAfter } from './problem-reply.ts';

/** One call that came by itself, as plain JSON. */
export interface SingleCall {
  procedure: ProcedureInfo;
  input: unknown;
}

/** The only header by which tRPC's clients ask for another wire format. */
const OTHER_FORMAT = 'trpc-accept';

/**
 * Reads a request as a single, unbatched call; null for whatever is anything else or is not in order, which is left to
 * tRPC's adapter. The adapter builds a web Request and Response around each call and streams the answer chunk by chunk,
 * which costs more than half of an empty call.
 */
export function createCallReader(): (request: FastifyRequest, path: string) => SingleCall | null {
  const procedures = new Map(listProcedures().map((procedure) => [procedure.path, procedure]));
  return (request, path) => {
    const procedure = procedures.get(path);
    if (!procedure || request.headers[OTHER_FORMAT] !== undefined) return null;
    const mark = request.url.indexOf('?');
    if (procedure.type === 'mutation') {
      // Without a body, too, it must say that it is JSON: no other site can send that without asking first.
      if (request.method !== 'POST' || mark !== -1 || !isJson(request)) return null;
      return { procedure, input: (request.body as JsonBody | undefined)?.value };
    }
    if (request.method !== 'GET') return null;
    return mark === -1 ? { procedure, input: undefined } : readQuery(procedure, request.url.slice(mark + 1));
  };
}

const isJson = ({ headers }: FastifyRequest) => headers['content-type']?.startsWith('application/json') === true;

function readQuery(procedure: ProcedureInfo, query: string): SingleCall | null {
  if (!query.startsWith('input=') || query.includes('&')) return null;
  try {
    return { procedure, input: JSON.parse(decodeURIComponent(query.slice('input='.length).replaceAll('+', ' '))) };
  } catch {
    return null;
  }
}

/** Runs a single call and answers in tRPC's wire format, in one piece. */
export async function answerCall(call: SingleCall, ctx: Context, reply: FastifyReply): Promise<FastifyReply> {
  try {
    return reply.type(JSON_TYPE).send(await runCall(call, ctx));
  } catch (error) {
    return sendCallError(error, ctx, reply);
  }
}

/** The answer to a call as it travels. @throws TRPCError */
export async function runCall({ procedure, input }: SingleCall, ctx: Context): Promise<string> {
  const output: unknown = await callProcedure(procedure, ctx, () => input);
  return `{"result":{"data":${JSON.stringify(transformer.output.serialize(output))}}}`;
}

export function sendCallError(cause: unknown, ctx: Context, reply: FastifyReply): FastifyReply {
  const error = getTRPCErrorFromUnknown(cause);
  retryAfter(reply, problemOf(error));
  const shape = shapeError(error, ctx.requestId);
  return reply
    .code(shape.data.httpStatus)
    .type(JSON_TYPE)
    .send(`{"error":${JSON.stringify(transformer.output.serialize(shape))}}`);
}

const JSON_TYPE = 'application/json; charset=utf-8';
