import type { Db } from '@evently/db/client';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { registerHealth } from './health.ts';
import { sendProblem } from './problem-reply.ts';

export interface WorkerAppSettings {
  db: Db;
  log: FastifyBaseLogger;
  isStopping: () => boolean;
}

const REQUEST_TIMEOUT_MS = 10_000;

/**
 * What a process that only works jobs off answers: whether it is well. Whoever supervises processes asks that of all of
 * them alike. There is no API: everything else is not found.
 */
export function buildWorkerApp({ db, log, isStopping }: WorkerAppSettings): FastifyInstance {
  const app: FastifyInstance = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  // A connection that is kept open would keep us from stopping.
  app.addHook('onSend', async (_request, reply) => {
    if (isStopping()) reply.header('connection', 'close');
  });
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, { code: 'not_found' }));
  registerHealth(app, { db, isStopping });
  return app;
}
