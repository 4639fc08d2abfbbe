import type { FastifyInstance } from 'fastify';
import type { ProcessMetrics } from './create-metrics.ts';

/** A text is handed out again for this long: printing takes some milliseconds, and anybody who gets here may ask. */
const KEEP_MS = 1000;

/**
 * `GET /metrics` in Prometheus's text format. It asks nobody who they are, as Prometheus's servers expect: it tells how
 * much is sold, though nothing of whom to, so a proxy that faces the world keeps it inside.
 *
 * @param keepMs how long a text is handed out again
 */
export function registerMetrics(
  app: FastifyInstance,
  metrics: Pick<ProcessMetrics, 'print' | 'contentType'>,
  keepMs = KEEP_MS,
): void {
  let printed: Promise<string> | null = null;
  let printedAt = 0;
  app.get('/metrics', async (_request, reply) => {
    const now = performance.now();
    if (printed === null || now - printedAt >= keepMs) {
      printedAt = now;
      printed = metrics.print();
    }
    return reply
      .header('content-type', metrics.contentType)
      .header('cache-control', 'no-store')
      .send(await printed);
  });
}

/** How many connections are open, counted as they come and go. */
export function countConnections({ server }: FastifyInstance): () => number {
  let open = 0;
  server.on('connection', (socket) => {
    open += 1;
    socket.once('close', () => {
      open -= 1;
    });
  });
  return () => open;
}
