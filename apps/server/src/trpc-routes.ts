import type { Context } from '@evently/api/context';
import type { ErrorShape } from '@evently/api/error-shape';
import { type Problem, refuseInput } from '@evently/api/problem';
import { listProcedures } from '@evently/api/procedures';
import { appRouter } from '@evently/api/router';
import { problemOf, requestIds, transformer } from '@evently/api/trpc';
import { type FastifyHandlerOptions, fastifyRequestHandler } from '@trpc/server/adapters/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { readJsonBodies } from './json-body.ts';
import { describeAt, problemOfFastify, retryAfter, retryAfterSeconds } from './problem-reply.ts';

/** More calls than this in one request are refused; a browser's burst of queries stays well below. */
const MAX_BATCH_SIZE = 10;

// JSON-RPC's number for an invalid request, which tRPC uses for everything that it cannot read.
const INVALID_REQUEST = -32_600;

/** tRPC itself, at /trpc. */
export function registerTrpc(app: FastifyInstance, contextOf: (request: FastifyRequest) => Context): void {
  readJsonBodies(app, 'text');
  const options: FastifyHandlerOptions<typeof appRouter, FastifyRequest, FastifyReply> = {
    router: appRouter,
    maxBatchSize: MAX_BATCH_SIZE,
    onError: ({ error, req }) => void requestIds.set(error, req.id),
    responseMeta: ({ errors }) => {
      const seconds = errors.map((error) => retryAfterSeconds(problemOf(error)) ?? 0);
      return Math.max(0, ...seconds) > 0 ? { headers: { 'retry-after': String(Math.max(...seconds)) } } : {};
    },
    createContext: ({ req, info }) => {
      // One guess at a password per request.
      if (info.calls.length > 1 && info.calls.some((call) => call.path.startsWith('auth.'))) {
        refuseInput('', 'calls of auth do not go together with others');
      }
      return contextOf(req);
    },
  };
  const handler: RouteHandlerMethod = async (req, res) => {
    const { path } = req.params as { path?: string };
    await fastifyRequestHandler({
      ...options,
      req,
      res,
      path: path ?? req.url.split('?', 1)[0]!.slice('/trpc/'.length),
    });
    return res;
  };
  // What tRPC refuses before it knows the call, it sends without a content type, which makes it plain text.
  app.addHook('onSend', async (_request, _reply, payload) => {
    const headers = payload instanceof Response ? payload.headers : null;
    if (headers?.get('content-type')?.startsWith('text/plain')) headers.set('content-type', 'application/json');
  });
  app.setErrorHandler((error, request, reply) => {
    const { problem, status } = problemOfFastify(error as Parameters<typeof problemOfFastify>[0]);
    if (problem.code === 'internal') request.log.error({ err: error }, 'a request failed');
    return sendTrpcProblem(reply, problem, status);
  });
  app.setNotFoundHandler((_request, reply) => sendTrpcProblem(reply, { code: 'not_found' }));
  // tRPC answers HEAD with something that Fastify cannot send; there is no use for it either.
  app.route({ method: ['GET', 'POST'], url: '/:path', handler, exposeHeadRoute: false });
  // What takes whole seating plans has a route of its own, with room for them.
  for (const { path, meta } of listProcedures()) {
    if (meta.bodyLimit !== undefined)
      app.route({ method: 'POST', url: `/${path}`, bodyLimit: meta.bodyLimit, handler });
  }
}

/** Answers a problem as tRPC's clients read it, where tRPC itself was not reached. */
export function sendTrpcProblem(reply: FastifyReply, problem: Problem, status?: number): FastifyReply {
  const described = describeAt(problem, status);
  retryAfter(reply, problem);
  const shape: ErrorShape = {
    code: INVALID_REQUEST,
    message: described.detail,
    data: { problem: described, requestId: reply.request.id, httpStatus: described.status },
  };
  return reply
    .code(described.status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send({ error: transformer.output.serialize(shape) });
}
