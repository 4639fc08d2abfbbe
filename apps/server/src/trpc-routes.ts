import type { Context } from '@evently/api/context';
import type { ErrorShape } from '@evently/api/error-shape';
import { listProcedures } from '@evently/api/procedures';
import { refuseInput } from '@evently/api/problem';
import { appRouter } from '@evently/api/router';
import { transformer } from '@evently/api/trpc';
import { type FastifyHandlerOptions, fastifyRequestHandler } from '@trpc/server/adapters/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { readJsonBodies } from './json-body.ts';
import { describeAt, problemOfFastify, retryAfter } from './problem-reply.ts';

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
    await fastifyRequestHandler({ ...options, req, res, path: path ?? req.url.split('?', 1)[0]!.slice('/trpc/'.length) });
    return res;
  };
  app.setErrorHandler((error, request, reply) => {
    const { problem, status } = problemOfFastify(error as Parameters<typeof problemOfFastify>[0]);
    const described = describeAt(problem, status);
    if (described.status >= 500) request.log.error({ err: error }, 'a request failed');
    retryAfter(reply, problem);
    const shape: ErrorShape = {
      code: INVALID_REQUEST,
      message: described.detail,
      data: { problem: described, requestId: request.id, httpStatus: described.status },
    };
    return reply.code(described.status).send({ error: transformer.output.serialize(shape) });
  });
  app.route({ method: ['GET', 'POST'], url: '/:path', handler });
  // What takes whole seating plans has a route of its own, with room for them.
  for (const { path, meta } of listProcedures()) {
    if (meta.bodyLimit !== undefined) app.route({ method: 'POST', url: `/${path}`, bodyLimit: meta.bodyLimit, handler });
  }
}
