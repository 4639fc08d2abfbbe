import { randomUUID } from 'node:crypto';
import { createContext, type Services } from '@evently/api/context';
import { ProblemError } from '@evently/api/problem';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, LogController } from 'fastify';
import { registerDocs } from './docs.ts';
import { registerHealth } from './health.ts';
import { problemOfFastify, sendProblem } from './problem-reply.ts';
import { createDocument } from './rest/document.ts';
import { registerRest } from './rest/routes.ts';
import { registerTrpc, sendTrpcProblem } from './trpc-routes.ts';
import { refuseUnreadable } from './unreadable.ts';
import { VERSION } from './version.ts';

export interface AppSettings {
  publicUrl: string;
  /** Null: every origin. */
  corsOrigins: readonly string[] | null;
  log: FastifyBaseLogger;
  /** Absent: there is no Redis. */
  pingRedis?: (() => Promise<unknown>) | null;
  isStopping?: () => boolean;
}

const BODY_LIMIT = 64 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;
const RETRY_AFTER_STOP_MS = 1000;
// Ids that callers bring are kept when they are harmless in a log.
const REQUEST_ID = /^[\w-]{1,64}$/;

/** The whole door, without listening: tRPC, REST, the reference, health. */
export async function buildApp(services: Services, settings: AppSettings): Promise<FastifyInstance> {
  const { isStopping = () => false, pingRedis = null } = settings;
  const app: FastifyInstance = Fastify({
    loggerInstance: settings.log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 5000 },
    frameworkErrors: (error, request, reply) => {
      reply.header('x-request-id', request.id);
      const { problem, status } = problemOfFastify(error);
      const send = request.url.startsWith('/trpc/') ? sendTrpcProblem : sendProblem;
      send(reply, problem, status);
    },
    clientErrorHandler: refuseUnreadable,
    genReqId: ({ headers }) => {
      const brought = headers['x-request-id'];
      return typeof brought === 'string' && REQUEST_ID.test(brought) ? brought : randomUUID();
    },
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    // What comes on a connection that was open already; the next try finds another server, or this one anew.
    if (isStopping() && !request.url.startsWith('/health')) {
      throw new ProblemError({ code: 'unavailable', retryAfterMs: RETRY_AFTER_STOP_MS });
    }
    if (hasBrokenEscape(request.url)) throw Object.assign(new Error('the URL is not UTF-8'), { statusCode: 400 });
  });
  // A connection that is kept open would keep us from stopping.
  app.addHook('onSend', async (_request, reply) => {
    if (isStopping()) reply.header('connection', 'close');
  });
  app.addHook('onResponse', async (request, reply) => {
    const facts = {
      method: request.method,
      url: request.routeOptions.url,
      status: reply.statusCode,
      ms: reply.elapsedTime,
    };
    request.log[reply.statusCode >= 500 ? 'warn' : 'debug'](facts, 'answered');
  });
  // The API serves data, not pages; the reference, which is one, loosens this for itself.
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    crossOriginResourcePolicy: { policy: 'cross-origin' },
  });
  await app.register(cors, {
    origin: settings.corsOrigins === null ? '*' : [...settings.corsOrigins],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: ['x-request-id', 'retry-after'],
    maxAge: 86_400,
  });
  app.setErrorHandler((error, request, reply) => {
    const { problem, status } = problemOfFastify(error as Parameters<typeof problemOfFastify>[0]);
    if (problem.code === 'internal') request.log.error({ err: error }, 'a request failed');
    return sendProblem(reply, problem, status);
  });
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, { code: 'not_found' }));

  const contextOf = (request: FastifyRequest) =>
    createContext(services, { requestId: request.id, token: readToken(request) });
  await app.register(async (scope) => registerRest(scope, contextOf), { prefix: '/api/v1' });
  await app.register(async (scope) => registerTrpc(scope, contextOf), { prefix: '/trpc' });
  registerHealth(app, { db: services.db, pingRedis, isStopping });
  await registerDocs(app, createDocument(settings.publicUrl, VERSION));
  return app;
}

function readToken({ headers }: FastifyRequest): string | null {
  return /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? null;
}

/** Escapes that are not UTF-8 are refused, as such bytes are in a body; otherwise they would be replaced or taken literally. */
function hasBrokenEscape(url: string): boolean {
  if (!url.includes('%')) return false;
  try {
    decodeURIComponent(url);
    return false;
  } catch {
    return true;
  }
}
