import { z } from 'zod';
import { jobNames } from './jobs.ts';
import type { JobQueues } from './queues.ts';

/** What waits in one queue. */
export interface QueueLength {
  name: string;
  /** Jobs that are due and that nobody has begun. */
  waiting: number;
  /** For how long the one that has waited longest is due, in seconds; 0 when none waits. */
  longestWaitSeconds: number;
}

const found = z.array(z.object({ name: z.string(), waiting: z.int(), longest: z.number() }));

/** How much each queue has before it, those with nothing among them. Reads an index of what waits, however much is done. */
export async function listQueueLengths({ boss }: Pick<JobQueues, 'boss'>): Promise<QueueLength[]> {
  // The conditions are those of the index that pg-boss fetches by.
  const { rows } = await boss.getDb().executeSql(`
    SELECT name, count(*)::int AS waiting, extract(epoch FROM now() - min(start_after))::float8 AS longest
    FROM pgboss.job WHERE state < 'active' AND NOT blocked AND start_after <= now() GROUP BY name`);
  const lengths = new Map(found.parse(rows).map((row) => [row.name, row]));
  return jobNames.map((name) => {
    const { waiting = 0, longest = 0 } = lengths.get(name) ?? {};
    return { name, waiting, longestWaitSeconds: longest };
  });
}
