import type { Db, Trx } from '@evently/db/client';
import { executeTogether } from '@evently/db/pipelined-driver';
import { errorCodeOf, isTransient, waitWithJitter } from '@evently/db/transaction';
import type { CompiledQuery } from 'kysely';
import { ProblemError } from '../problem.ts';
import { decide } from './decide/decide.ts';
import type { Answer, Decision, Inventory } from './inventory.ts';
import { type Batch, lockAndLoad } from './load.ts';
import type { ShowPlan } from './plans.ts';
import type { BoxOfficeRequest } from './requests.ts';
import { isEmpty, isStaleWrite, writeStatements } from './write.ts';

/** What shall happen in the same transaction as a decision, such as enqueueing a job: statements that need no answer. */
export type FollowUps = (decision: Decision) => Promise<CompiledQuery[]>;

/** A decision that is committed. */
export interface Committed {
  plan: ShowPlan;
  decision: Decision;
  /** What it was decided on. */
  before: Inventory;
  /** How long all of it took, in milliseconds. */
  ms: number;
}

/** Told of each decision once it is committed. It must not throw. */
export type OnCommit = (committed: Committed) => void;

/** What surrounds decisions. */
export interface Surroundings {
  db: Db;
  followUps: FollowUps;
  onCommit: OnCommit;
}

const MAX_TRIES = 3;

/**
 * Whether what was decided on is not what is there: the rows were not as loaded, or one of Postgres's own walls held (an
 * integrity violation, SQLSTATE class 23). Somebody wrote past the lock; deciding again will see what.
 */
function isStale(error: unknown): boolean {
  return isStaleWrite(error) || errorCodeOf(error)?.startsWith('23') === true;
}

/** A batch that was decided: an answer, or an error, per request; and the version that the show has now, if it was written. */
export interface Decided {
  answers: (Answer | Error)[];
  /** What was loaded, and what was left behind; null when nothing came of it. */
  versions: { before: number; after: number } | null;
}

/** Decides a batch: lock, load, decide, write, in one transaction. What is transient is tried again, three times in all. */
export async function runBatch(around: Surroundings, plan: ShowPlan, batch: Batch): Promise<Decided> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const began = performance.now();
      const { decision, before } = await around.db
        .transaction()
        .execute((trx) => runOnce(trx, plan, batch, around.followUps));
      around.onCommit({ plan, decision, before, ms: performance.now() - began });
      const after = isEmpty(decision.changes) ? before.version : before.version + 1;
      return { answers: decision.answers, versions: { before: before.version, after } };
    } catch (error) {
      const requests = batch.take();
      const all = (answer: Answer): Decided => ({ answers: requests.map(() => answer), versions: null });
      if (error instanceof ProblemError) return all({ problem: error.problem });
      if (attempt < MAX_TRIES && (isTransient(error) || isStale(error))) await waitWithJitter(attempt);
      else if (isTransient(error)) return all({ problem: { code: 'overloaded', retryAfterMs: 500 } });
      else return { answers: await isolate(around, plan, requests, error), versions: null };
    }
  }
}

/** Two round trips: lock and load, then write and commit. What lies between them is pure, but for the text of the jobs. */
async function runOnce(
  trx: Trx,
  plan: ShowPlan,
  batch: Batch,
  followUps: FollowUps,
): Promise<{ decision: Decision; before: Inventory }> {
  // Nothing else is ever locked, so nothing can deadlock.
  const loaded = await lockAndLoad(trx, plan, batch);
  if (!loaded) throw new ProblemError({ code: 'not_found' });
  const decision = decide(loaded.inventory, loaded.requests, loaded.now);
  const writes = writeStatements(plan, decision).map((statement) => statement.compile(trx));
  await executeTogether(trx, [...writes, ...(await followUps(decision))], true);
  return { decision, before: loaded.inventory };
}

/** One request poisons the batch: alone, each of its neighbours is served, and only the poisoned one fails. */
async function isolate(
  around: Surroundings,
  plan: ShowPlan,
  requests: readonly BoxOfficeRequest[],
  error: unknown,
): Promise<(Answer | Error)[]> {
  if (requests.length === 1) return [error instanceof Error ? error : new Error(String(error))];
  const answers: (Answer | Error)[] = [];
  for (const request of requests) {
    const alone = await runBatch(around, plan, { take: () => [request], isShared: false });
    answers.push(...alone.answers);
  }
  return answers;
}
