import { setImmediate as nextTurn } from 'node:timers/promises';
import pLimit from 'p-limit';
import { createAllowance } from '../allowance.ts';
import { notFound, ProblemError } from '../problem.ts';
import type { Answer } from './inventory.ts';
import type { ShowPlans } from './plans.ts';
import type { BoxOfficeRequest } from './requests.ts';
import { type Decided, runBatch, type Surroundings } from './run-batch.ts';

/** How many requests one transaction decides; beyond this, its statements grow longer than they save. */
const MAX_BATCH = 256;
/** How many may wait for one show: at the slowest rate we have seen, a wait of seconds. Then `overloaded`. */
const MAX_QUEUE = 4096;
const RETRY_AFTER_MS = 1000;

interface Waiting {
  request: BoxOfficeRequest;
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
}

export interface BoxOffice {
  /**
   * Asks a show's box office for one change and answers what came of it, once it is committed.
   *
   * @throws ProblemError `overloaded` when the queue is full
   */
  submit: (showId: string, request: BoxOfficeRequest) => Promise<Answer>;
  /** How many requests wait for their turn, over all shows. */
  waiting: () => number;
  /** Whether anything is being decided. */
  isBusy: () => boolean;
  /** Resolves when nothing is queued or under way: what was taken in is answered. */
  drain: () => Promise<void>;
}

export interface BoxOfficeSettings extends Surroundings {
  plans: ShowPlans;
  /** How many shows may be in a transaction at once; less than the pool has connections, so that reads find one. */
  maxAtOnce: number;
}

/**
 * One queue per show. While a batch commits, what arrives forms the next one; alone, a request is a batch of one and
 * waits for nobody. More than one batch of a show in flight would only fight for its row.
 */
export function createBoxOffice({ plans, maxAtOnce, ...around }: BoxOfficeSettings): BoxOffice {
  const queues = new Map<string, Waiting[]>();
  const running = new Set<Promise<void>>();
  const inTurn = pLimit(maxAtOnce);

  async function serve(showId: string, queue: Waiting[]): Promise<void> {
    let deliver = async () => {};
    // The version that we left behind: when it is another by the next time, somebody else sells the show, too.
    let left: number | null = null;
    let isShared = false;
    while (queue.length > 0) {
      // Whoever was read from the network at the same moment comes along.
      await nextTurn();
      const next = inTurn(() => decideBatch(showId, queue, isShared));
      // The database has begun with these by the time that the answers to the last ones are written.
      await nextTurn();
      const delivered = deliver();
      const { versions, ...decided } = await next;
      await delivered;
      deliver = decided.deliver;
      isShared = versions !== null && left !== null && versions.before !== left;
      left = versions?.after ?? null;
    }
    queues.delete(showId);
    await deliver();
  }

  /** Never rejects. */
  async function decideBatch(showId: string, queue: Waiting[], isShared: boolean): Promise<DecidedBatch> {
    let batch: Waiting[] | null = null;
    const take = () => {
      batch ??= queue.splice(0, MAX_BATCH);
      return batch;
    };
    const { answers, versions } = await findAnswers(showId, take, isShared).catch((error: unknown) => {
      const reason = error instanceof Error ? error : new Error(String(error));
      return { answers: take().map(() => reason), versions: null };
    });
    return { versions, deliver: () => deliverAnswers(take(), answers) };
  }

  async function findAnswers(showId: string, take: () => readonly Waiting[], isShared: boolean): Promise<Decided> {
    const plan = await plans.find(showId);
    if (!plan) throw notFound();
    return await runBatch(around, plan, { take: () => take().map(({ request }) => request), isShared });
  }

  return {
    submit(showId, request) {
      return new Promise((resolve, reject) => {
        const queue = queues.get(showId);
        if (queue && queue.length >= MAX_QUEUE) {
          reject(new ProblemError({ code: 'overloaded', retryAfterMs: RETRY_AFTER_MS }));
          return;
        }
        if (queue) {
          queue.push({ request, resolve, reject });
          return;
        }
        const opened = [{ request, resolve, reject }];
        queues.set(showId, opened);
        const served = serve(showId, opened).finally(() => running.delete(served));
        running.add(served);
      });
    },
    waiting: () => [...queues.values()].reduce((count, queue) => count + queue.length, 0),
    isBusy: () => queues.size > 0,
    async drain() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

interface DecidedBatch {
  versions: Decided['versions'];
  /** Gives everybody their answer. */
  deliver: () => Promise<void>;
}

/** Each answer is checked, written as JSON and sent when it is delivered, which takes a twentieth of a millisecond. */
async function deliverAnswers(batch: readonly Waiting[], answers: readonly (Answer | Error)[]): Promise<void> {
  const nextAllowance = createAllowance();
  let allowed = nextAllowance();
  for (const [index, { resolve, reject }] of batch.entries()) {
    // What comes back from the database in the meantime is not kept waiting for all of them.
    if (allowed === 0) {
      await nextTurn();
      allowed = nextAllowance();
    }
    allowed -= 1;
    const answer = answers[index] ?? new Error('a request was left without an answer');
    if (answer instanceof Error) reject(answer);
    else resolve(answer);
  }
}
