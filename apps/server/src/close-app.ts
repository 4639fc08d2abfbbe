import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@evently/api/context';
import type { FastifyInstance } from 'fastify';

const SWEEP_MS = 100;

/** Takes in nothing new and waits for what is under way; after `patienceMs` it hangs up on whoever is left. */
export async function closeApp(app: FastifyInstance, patienceMs: number, log: Pick<Logger, 'warn'>): Promise<void> {
  const patience = new AbortController();
  const late = sleep(patienceMs, true, { signal: patience.signal }).catch(() => false);
  // Closing hangs up on connections that are idle now, not on those that become so.
  const sweeping = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
  const closed = app.close().then(() => false);
  if (await Promise.race([closed, late])) {
    log.warn({}, `some requests took longer than ${patienceMs / 1000} s; their connections are closed`);
    app.server.closeAllConnections();
  }
  await closed;
  clearInterval(sweeping);
  patience.abort();
}
