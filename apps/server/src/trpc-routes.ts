import type { Context } from '@evently/api/context';
import { refuseInput } from '@evently/api/problem';
import { listProcedures } from '@evently/api/procedures';
import { appRouter } from '@evently/api/router';
import { problemOf, requestIds } from '@evently/api/trpc';
import { type FastifyHandlerOptions, fastifyRequestHandler } from '@trpc/server/adapters/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import type { Door } from './door.ts';
import { type JsonBody, readJsonBodies } from './json-body.ts';
import { answerKept } from './kept-call.ts';
import { problemOfFastify, retryAfterSeconds } from './problem-reply.ts';
import { sendKept } from './public-reads.ts';
import { sendTrpcProblem } from './trpc-problem.ts';
import { answerCall, createCallReader, runCall, type SingleCall, sendCallError } from './trpc-short-path.ts';
import { createTurns } from './turns.ts';
import { createWatchRoute } from './watch-route.ts';
import type { Watchers } from './watchers.ts';

/** More calls than this in one request are refused; a browser's burst of queries stays well below. */
const MAX_BATCH_SIZE = 10;

type AnswerSingle = (
  call: SingleCall,
  ctx: Context,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<FastifyReply>;

/** tRPC itself, at /trpc. */
export function registerTrpc(app: FastifyInstance, door: Door, watchers: Watchers): void {
  const { contextOf, reads } = door;
  readJsonBodies(app, 'both');
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
  const readCall = createCallReader();
  const answerWatch = createWatchRoute(door, watchers);
  const takeTurn = createTurns();
  const answerSingle: AnswerSingle = async (call, ctx, req, res) => {
    const { publicRead } = call.procedure.meta;
    if (!publicRead) return await answerCall(call, ctx, res);
    const { procedure, input } = call;
    const kept = { procedure, about: publicRead, url: req.url, readInput: () => input };
    res.header('vary', 'trpc-accept');
    try {
      return sendKept(req, res, await answerKept(reads, ctx, { ...kept, run: (own) => runCall(call, own) }));
    } catch (error) {
      return sendCallError(error, ctx, res);
    }
  };
  const handler: RouteHandlerMethod = async (req, res) => {
    const path = (req.params as { path?: string }).path ?? req.url.split('?', 1)[0]!.slice('/trpc/'.length);
    const watching = answerWatch(req, res, path);
    if (watching) return await watching;
    const single = readCall(req, path);
    if (single) {
      // Counted from now on: who waits for a turn is under way, too.
      const ctx = contextOf(req);
      const turn = single.procedure.type === 'mutation' ? takeTurn() : null;
      if (turn) await turn;
      return await answerSingle(single, ctx, req, res);
    }
    if (req.body !== undefined) req.body = (req.body as JsonBody).text;
    await fastifyRequestHandler({ ...options, req, res, path });
    return res;
  };
  // What tRPC refuses before it knows the call, it sends without a content type, which makes it plain text.
  app.addHook('onSend', (_request, _reply, payload, done) => {
    const headers = payload instanceof Response ? payload.headers : null;
    if (headers?.get('content-type')?.startsWith('text/plain')) headers.set('content-type', 'application/json');
    done(null, payload);
  });
  app.setErrorHandler((error, request, reply) => {
    const { problem, status } = problemOfFastify(error as Parameters<typeof problemOfFastify>[0]);
    if (problem.code === 'internal') request.log.error({ err: error, requestId: request.id }, 'a request failed');
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
