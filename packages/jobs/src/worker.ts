import type { JobResult, JobWithMetadata } from 'pg-boss';
import { type JobDefinition, type JobName, type JobPayload, jobNames, jobs } from './jobs.ts';
import type { JobQueues } from './queues.ts';

/** Which try of a job this is. */
export interface Attempt {
  /** When it fails now, it is not tried again. */
  isLastTry: boolean;
}

/** Does one job. It is called at least once per job, so it re-reads the state that it acts on. */
export type Handler<N extends JobName> = (payload: JobPayload<N>, attempt: Attempt) => Promise<void>;
/** One per job; a missing one does not compile. */
export type Handlers = { [N in JobName]: Handler<N> };

/** One poll takes this many; the default of one job per poll would work off thirty a minute. */
const BATCH_SIZE = 50;
const POLL_SECONDS = 0.5;

export interface WorkerSettings {
  onError: (error: Error) => void;
  /** How often recurring jobs come round, where it differs from their definition. */
  everySeconds?: Partial<Record<JobName, number>>;
}

export interface Worker {
  /** Takes no more jobs. What is under way ends with the queues' own `stop`. */
  stop: () => void;
}

/** Works off every queue, and sets the recurring jobs going. */
export async function startWorker(
  queues: JobQueues,
  handlers: Handlers,
  { onError, everySeconds = {} }: WorkerSettings,
): Promise<Worker> {
  const timers: NodeJS.Timeout[] = [];
  for (const name of jobNames) {
    await workQueue(queues, name, handlers[name] as Handler<JobName>, onError);
    const definition: JobDefinition = jobs[name];
    const seconds = everySeconds[name] ?? definition.everySeconds;
    if (seconds === undefined) continue;
    const sendDue = (): void => {
      sendOncePer(queues, name, seconds).catch(onError);
    };
    timers.push(setInterval(sendDue, seconds * 1000));
    sendDue();
  }
  return {
    stop: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

async function workQueue(
  queues: JobQueues,
  name: JobName,
  handler: Handler<JobName>,
  onError: (error: Error) => void,
): Promise<void> {
  const options = {
    batchSize: BATCH_SIZE,
    pollingIntervalSeconds: POLL_SECONDS,
    burstWhenBatchFull: true,
    // Each job of a batch succeeds or fails for itself.
    perJobResults: true as const,
    includeMetadata: true as const,
  };
  await queues.boss.work(name, options, async (batch: JobWithMetadata<JobPayload<JobName>>[]) => {
    const results: JobResult[] = [];
    for (const { id, data, retryCount, retryLimit } of batch) {
      const tried = { isLastTry: retryCount >= retryLimit };
      results.push({ id, ...(await attempt(() => handler(data, tried), name, onError)) });
    }
    return results;
  });
}

async function attempt(
  work: () => Promise<void>,
  name: JobName,
  onError: (error: Error) => void,
): Promise<Omit<JobResult, 'id'>> {
  try {
    await work();
    return { status: 'completed' };
  } catch (cause) {
    onError(new Error(`the job ${name} failed`, { cause }));
    return { status: 'failed', output: { message: cause instanceof Error ? cause.message : String(cause) } };
  }
}

/** Every process asks; the slot that the key and the seconds make lets one of them through. */
async function sendOncePer(queues: JobQueues, name: JobName, seconds: number): Promise<void> {
  await queues.boss.send(name, {}, { singletonKey: 'recurring', singletonSeconds: seconds });
}
