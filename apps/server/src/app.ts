import { randomUUID } from 'node:crypto';
import { createContext, type Services } from '@evently/api/context';
import { ProblemError } from '@evently/api/problem';
import { noSharedCache, type SharedCache } from '@evently/api/shared-cache';
import cors from '@fastify/cors';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { type AdmissionSettings, createAdmission } from './admission.ts';
import { registerDocs } from './docs.ts';
import type { Door } from './door.ts';
import { registerHealth } from './health.ts';
import { createHttpServer } from './http-server.ts';
import { problemOfFastify, sendProblem } from './problem-reply.ts';
import { createPublicReads } from './public-reads.ts';
import { createDocument } from './rest/document.ts';
import { registerRest } from './rest/routes.ts';
import { createSecurityHeaders } from './security-headers.ts';
import { sendTrpcProblem } from './trpc-problem.ts';
import { registerTrpc } from './trpc-routes.ts';
import { refuseUnreadable } from './unreadable.ts';
import { VERSION } from './version.ts';
import { registerWatchPage } from './watch-page.ts';
import { createWatchers, roomForWatchers, type Watchers } from './watchers.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether it counts among the calls under way. */
    isCall: boolean;
  }
}

export interface AppSettings {
  publicUrl: string;
  /** Null: every origin. */
  corsOrigins: readonly string[] | null;
  /** Whose word on where a request came from is taken; absent or null: nobody's. */
  trustProxy?: string[] | null;
  /** Absent: answers are kept by each process for itself. */
  sharedCache?: SharedCache;
  /** Those who watch; absent: as many as there is room for. */
  watchers?: Watchers;
  /** How many calls may be under way at once; see admission.ts. */
  mostUnderWay?: AdmissionSettings['most'];
  log: FastifyBaseLogger;
  /** Absent: there is no Redis. */
  pingRedis?: (() => Promise<unknown>) | null;
  isStopping?: () => boolean;
}

const EXPOSED_HEADERS = ['x-request-id', 'retry-after'];
const BODY_LIMIT = 64 * 1024;
const RETRY_AFTER_STOP_MS = 1000;
// Ids that callers bring are kept when they are harmless in a log.
const REQUEST_ID = /^[\w-]{1,64}$/;

/** The whole door, without listening: tRPC, REST, the reference, health. */
export async function buildApp(services: Services, settings: AppSettings): Promise<FastifyInstance> {
  const { isStopping = () => false, pingRedis = null, watchers = createWatchers(roomForWatchers) } = settings;
  const securityHeaders = createSecurityHeaders();
  const reads = createPublicReads(services, settings.sharedCache ?? noSharedCache, {
    onLoad: () => admission.check('browse'),
  });
  const admission = createAdmission({
    metrics: services.metrics,
    headers: { ...securityHeaders, ...corsHeaders(settings) },
    isKept: reads.isKept,
    most: settings.mostUnderWay,
  });
  const app: FastifyInstance = Fastify({
    loggerInstance: settings.log,
    // A logger per request would cost more than what is logged; whoever logs names the request.
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: BODY_LIMIT,
    trustProxy: settings.trustProxy ?? false,
    serverFactory: (handle) => createHttpServer(handle, admission),
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
  // The reference, which is a page, loosens these for itself.
  // Hooks that call back, since a promise for each would cost a call some microseconds.
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(securityHeaders);
    reply.header('x-request-id', request.id);
    // What comes on a connection that was open already; the next try finds another server, or this one anew.
    if (isStopping() && !request.url.startsWith('/health')) {
      done(new ProblemError({ code: 'unavailable', retryAfterMs: RETRY_AFTER_STOP_MS }));
    } else if (hasBrokenEscape(request.url)) {
      done(Object.assign(new Error('the URL is not UTF-8'), { statusCode: 400 }));
    } else done();
  });
  app.decorateRequest('isCall', false);
  const endCall = (request: FastifyRequest) => {
    if (request.isCall) admission.end();
    request.isCall = false;
  };
  app.addHook('onSend', (request, reply, payload, done) => {
    endCall(request);
    // A connection that is kept open would keep us from stopping.
    if (isStopping()) reply.header('connection', 'close');
    done(null, payload);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const level = reply.statusCode >= 500 ? 'warn' : 'debug';
    settings.log[level](factsOf(request, reply), 'answered');
    done();
  });
  await app.register(cors, {
    origin: settings.corsOrigins === null ? '*' : [...settings.corsOrigins],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 86_400,
  });
  app.setErrorHandler((error, request, reply) => {
    const { problem, status } = problemOfFastify(error as Parameters<typeof problemOfFastify>[0]);
    if (problem.code === 'internal') settings.log.error({ err: error, requestId: request.id }, 'a request failed');
    return sendProblem(reply, problem, status);
  });
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, { code: 'not_found' }));

  const contextOf = (request: FastifyRequest) => {
    admission.begin();
    request.isCall = true;
    // The address of a socket that is gone already is unknown, which is no licence.
    const address = request.ip ?? 'unknown';
    return createContext(services, { requestId: request.id, token: readToken(request), address });
  };
  const door: Door = { contextOf, endCall, reads };
  // Before it waits for what is under way: these would go on for ever.
  app.addHook('preClose', (done) => {
    watchers.close();
    done();
  });
  await app.register(async (scope) => registerRest(scope, door), { prefix: '/api/v1' });
  await app.register(async (scope) => registerTrpc(scope, door, watchers), { prefix: '/trpc' });
  registerHealth(app, { db: services.db, pingRedis, isStopping });
  registerWatchPage(app);
  await registerDocs(app, createDocument(settings.publicUrl, VERSION));
  return app;
}

/** For answers that Fastify has no part in. Where only some origins are allowed, the browser reads no more than that it failed. */
function corsHeaders({ corsOrigins }: AppSettings): Record<string, string> {
  if (corsOrigins !== null) return {};
  return { 'access-control-allow-origin': '*', 'access-control-expose-headers': EXPOSED_HEADERS.join(', ') };
}

function factsOf(request: FastifyRequest, reply: FastifyReply): object {
  const { id: requestId, method, routeOptions } = request;
  return { requestId, method, url: routeOptions.url, status: reply.statusCode, ms: reply.elapsedTime };
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
