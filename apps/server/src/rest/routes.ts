import { callProcedure } from '@evently/api/call-procedure';
import type { Context } from '@evently/api/context';
import { refuseInput } from '@evently/api/problem';
import { listProcedures, type ProcedureInfo } from '@evently/api/procedures';
import { problemOf } from '@evently/api/trpc';
import { getTRPCErrorFromUnknown } from '@trpc/server';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Door } from '../door.ts';
import { readJsonBodies } from '../json-body.ts';
import { answerKept } from '../kept-call.ts';
import { sendProblem } from '../problem-reply.ts';
import { sendKept } from '../public-reads.ts';
import { readQuery } from './query.ts';
import { inputFields, pathFields } from './schemas.ts';

/**
 * REST over the same procedures: one Fastify route each, at the method and path that the procedure's meta names. Path and
 * query parameters and the fields of the body together are the procedure's input.
 */
export function registerRest(app: FastifyInstance, door: Door): void {
  readJsonBodies(app, 'value');
  for (const procedure of listProcedures()) registerRoute(app, procedure, door);
}

function registerRoute(app: FastifyInstance, procedure: ProcedureInfo, { contextOf, reads }: Door): void {
  const { openapi, publicRead } = procedure.meta;
  if (!openapi) throw new Error(`${procedure.path} has no place in REST`);
  const readInput = inputReader(procedure);
  const run = (request: FastifyRequest, ctx: Context): Promise<unknown> =>
    // Input is read when the procedure asks for it, after the checks of who calls.
    callProcedure(procedure, ctx, () => readInput(request));
  app.route({
    method: openapi.method,
    url: openapi.path.replace(/\{(\w+)\}/g, ':$1'),
    ...(procedure.meta.bodyLimit === undefined ? {} : { bodyLimit: procedure.meta.bodyLimit }),
    handler: async (request, reply) => {
      const ctx = contextOf(request);
      try {
        if (publicRead) {
          const { url } = request;
          const json = async (own: Context) => JSON.stringify(await run(request, own));
          const call = { procedure, about: publicRead, url, readInput: () => readInput(request), run: json };
          return sendKept(request, reply, await answerKept(reads, ctx, call));
        }
        return reply.code(openapi.status ?? 200).send(await run(request, ctx));
      } catch (error) {
        return sendProblem(reply, problemOf(getTRPCErrorFromUnknown(error)));
      }
    },
  });
}

/** Puts a procedure's input together. It runs when the procedure asks for it, after the checks of who calls. */
function inputReader(procedure: ProcedureInfo): (request: FastifyRequest) => unknown {
  const { fields } = inputFields(procedure);
  const inPath = new Set(pathFields(procedure.meta.openapi?.path ?? ''));
  const refuseGivenTwice = (given: object) => {
    for (const name of Object.keys(given)) if (inPath.has(name)) refuseInput(name, 'is given by the path');
  };
  if (procedure.type === 'query') {
    return ({ query, params }) => {
      const given = query as Record<string, string | string[]>;
      refuseGivenTwice(given);
      return { ...readQuery(given, fields), ...(params as object) };
    };
  }
  return ({ body, params, query }) => {
    for (const name of Object.keys(query as object)) refuseInput(name, 'is not read from the query string');
    if (body === undefined) return { ...(params as object) };
    // What is no object is no input of ours; the schema says so in its own words.
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
    refuseGivenTwice(body);
    return { ...body, ...(params as object) };
  };
}
