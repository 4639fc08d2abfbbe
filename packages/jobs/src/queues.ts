import type { Trx } from '@evently/db/client';
import { CompiledQuery } from 'kysely';
import { PgBoss } from 'pg-boss';
import { type JobDefinition, type JobName, type JobPayload, jobNames, jobs } from './jobs.ts';

export interface JobQueuesSettings {
  /** A connection string of a direct connection, or of a pooler in session mode. */
  url: string;
  /** A pool of their own, so that jobs never wait behind requests nor requests behind jobs. */
  poolSize: number;
  /** Whether this process works jobs off, too, and keeps the queues tidy; one that does not only enqueues. */
  works: boolean;
  onError: (error: Error) => void;
}

export interface JobQueues {
  /**
   * Queues a job in the caller's transaction: it exists exactly when that commits.
   *
   * @throws ZodError when the payload is not the job's
   */
  enqueue: <N extends JobName>(trx: Trx, name: N, payload: JobPayload<N>) => Promise<void>;
  /**
   * The statement by which `enqueue` would queue a job, for those who send several at once.
   *
   * @throws ZodError when the payload is not the job's
   */
  prepare: <N extends JobName>(name: N, payload: JobPayload<N>) => Promise<CompiledQuery>;
  boss: PgBoss;
  /** Waits for the jobs under way, at most `timeoutMs`, and closes the connections. */
  stop: (timeoutMs: number) => Promise<void>;
}

/** Finished jobs are kept for a day, so that an operator can see what happened. */
const KEEP_SECONDS = 86_400;

/** Opens the queues, in the database's schema `pgboss`; the first time, it creates them. */
export async function openJobQueues(settings: JobQueuesSettings): Promise<JobQueues> {
  const boss = new PgBoss({
    connectionString: settings.url,
    max: settings.poolSize,
    application_name: 'evently-jobs',
    supervise: settings.works,
    // Recurring jobs come from the worker, in seconds; pg-boss's schedules count in minutes.
    schedule: false,
  });
  boss.on('error', settings.onError);
  await boss.start();
  for (const name of jobNames) {
    const definition: JobDefinition = jobs[name];
    await boss.createQueue(name, {
      retryLimit: definition.retryLimit,
      retryDelay: definition.retryDelaySeconds,
      retryBackoff: true,
      expireInSeconds: definition.expireInSeconds,
      deleteAfterSeconds: KEEP_SECONDS,
    });
  }
  const prepare: JobQueues['prepare'] = async (name, payload) => {
    let statement: CompiledQuery | undefined;
    const writeDown = async (text: string, values: unknown[] = []) => {
      statement = CompiledQuery.raw(text, values);
      return { rows: [] };
    };
    await boss.send(name, jobs[name].payload.parse(payload), { db: { executeSql: writeDown } });
    if (!statement) throw new Error(`queueing ${name} came to no statement`);
    return statement;
  };
  return {
    boss,
    prepare,
    async enqueue(trx, name, payload) {
      await trx.executeQuery(await prepare(name, payload));
    },
    stop: (timeoutMs) => boss.stop({ graceful: true, timeout: timeoutMs }),
  };
}
