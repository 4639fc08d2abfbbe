import type { Services } from '@evently/api/context';
import type { Limits } from '@evently/api/limits/limits';
import { createServices } from '@evently/api/services';
import type { Db } from '@evently/db/client';
import { createTestDatabase } from '@evently/db/testing';
import { openJobQueues } from '@evently/jobs/queues';
import type { FastifyInstance } from 'fastify';
import { type AppSettings, buildApp } from './app.ts';
import { createLog } from './log.ts';

export interface TestServer extends AsyncDisposable {
  /** Where it listens, on a free port of the loopback. */
  url: string;
  app: FastifyInstance;
  services: Services;
  db: Db;
  databaseUrl: string;
}

/** The whole server on a database of its own: everything real but the process. @param own settings of the door @param limits none unless given */
export async function startTestServer(own: Partial<AppSettings> = {}, limits?: Limits): Promise<TestServer> {
  const database = await createTestDatabase(20);
  const log = createLog(process.env.TEST_LOG_LEVEL ?? 'silent', false);
  const queues = await openJobQueues({ url: database.url, poolSize: 2, works: false, onError: () => undefined });
  const services = createServices({ db: database.db, queues, log, ...(limits ? { limits } : {}) });
  const app = await buildApp(services, { publicUrl: 'http://localhost', corsOrigins: null, log, ...own });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    app,
    services,
    db: database.db,
    databaseUrl: database.url,
    async [Symbol.asyncDispose]() {
      await app.close();
      services.seatMaps.close();
      await services.boxOffice.drain();
      await queues.stop(1000);
      await database[Symbol.asyncDispose]();
    },
  };
}
