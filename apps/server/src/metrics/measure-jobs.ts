import type { Metrics } from '@evently/api/metrics';
import type { JobName } from '@evently/jobs/jobs';
import type { Handler, Handlers } from '@evently/jobs/worker';

/** The same handlers; how long they take and how they end is told. */
export function measureJobs(handlers: Handlers, metrics: Pick<Metrics, 'job'>): Handlers {
  const measure = <N extends JobName>(name: N, handler: Handler<N>): Handler<N> => {
    return async (payload, attempt) => {
      const began = performance.now();
      let isDone = false;
      try {
        await handler(payload, attempt);
        isDone = true;
      } finally {
        metrics.job(name, performance.now() - began, isDone);
      }
    };
  };
  const measured = Object.entries(handlers).map(([name, handler]) => [
    name,
    measure(name as JobName, handler as Handler<JobName>),
  ]);
  return Object.fromEntries(measured) as Handlers;
}
