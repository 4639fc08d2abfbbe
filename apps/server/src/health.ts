import type { Db } from '@evently/db/client';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';

interface Check {
  status: 'healthy' | 'degraded' | 'unhealthy';
  latencyMs: number;
}

export interface HealthSettings {
  db: Db;
  /** Null or absent: there is no Redis. */
  pingRedis?: (() => Promise<unknown>) | null;
  /** True from the moment that the process begins to stop. */
  isStopping: () => boolean;
}

// A dependency that takes longer than this is of no use to a caller either.
const PATIENCE_MS = 2000;

/**
 * `/health/live`: the process answers. `/health/ready`: it can serve, so send it requests. `/health`: each dependency with
 * its latency, for people.
 */
export function registerHealth(app: FastifyInstance, { db, pingRedis = null, isStopping }: HealthSettings): void {
  const checkDatabase = () => timed(() => sql`SELECT 1`.execute(db));
  app.get('/health/live', async () => ({ status: 'healthy' }));
  app.get('/health/ready', async (_request, reply) => {
    const database = await checkDatabase();
    const ready = database.status !== 'unhealthy' && !isStopping();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'healthy' : 'unhealthy' });
  });
  app.get('/health', async (_request, reply) => {
    const [database, redis] = await Promise.all([checkDatabase(), checkRedis(pingRedis)]);
    // Without Redis everything works, only not as fast; without the database nothing does.
    const worst = database.status === 'healthy' && redis?.status === 'degraded' ? 'degraded' : database.status;
    const status = isStopping() ? 'unhealthy' : worst;
    const checks = redis ? { database, redis } : { database };
    return reply.code(status === 'unhealthy' ? 503 : 200).send({ status, checks });
  });
}

async function checkRedis(ping: (() => Promise<unknown>) | null): Promise<Check | null> {
  if (!ping) return null;
  const { status, latencyMs } = await timed(ping);
  return { status: status === 'healthy' ? 'healthy' : 'degraded', latencyMs };
}

async function timed(check: () => Promise<unknown>): Promise<Check> {
  const began = performance.now();
  const since = () => Math.round((performance.now() - began) * 10) / 10;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it took too long')), PATIENCE_MS);
  });
  try {
    await Promise.race([check(), tooLate]);
    const latencyMs = since();
    return { status: latencyMs > PATIENCE_MS / 4 ? 'degraded' : 'healthy', latencyMs };
  } catch {
    return { status: 'unhealthy', latencyMs: since() };
  } finally {
    clearTimeout(timer);
  }
}
