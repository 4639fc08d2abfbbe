import type { Db, Trx } from '@evently/db/client';
import { executeTogether } from '@evently/db/pipelined-driver';
import { errorCodeOf, isTransient, waitWithJitter } from '@evently/db/transaction';
import type { CompiledQuery } from 'kysely';
import { ProblemError } from '../problem.ts';
import { decide } from './decide/decide.ts';
import type { Answer, Decision } from './inventory.ts';
import { lockAndLoad } from './load.ts';
import type { ShowPlan } from './plans.ts';
import type { BoxOfficeRequest } from './requests.ts';
import { isStaleWrite, writeStatements } from './write.ts';

/** What shall happen in the same transaction as a decision, such as enqueueing a job: statements that need no answer. */
export type FollowUps = (decision: Decision) => Promise<CompiledQuery[]>;

/** Told of each decision once it is committed, and how long that took in milliseconds. It must not throw. */
export type OnCommit = (plan: ShowPlan, decision: Decision, ms: number) => void;

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

/**
 * Decides a batch: lock, load, decide, write, in one transaction. What is transient is tried again, three times in all.
 *
 * @returns one answer per request, or an error per request that has none
 */
export async function runBatch(
  around: Surroundings,
  plan: ShowPlan,
  requests: readonly BoxOfficeRequest[],
): Promise<(Answer | Error)[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const began = performance.now();
      const decision = await around.db.transaction().execute((trx) => runOnce(trx, plan, requests, around.followUps));
      around.onCommit(plan, decision, performance.now() - began);
      return decision.answers;
    } catch (error) {
      if (error instanceof ProblemError) return requests.map(() => ({ problem: error.problem }));
      if (attempt < MAX_TRIES && (isTransient(error) || isStale(error))) await waitWithJitter(attempt);
      else if (isTransient(error)) return requests.map(() => ({ problem: { code: 'overloaded', retryAfterMs: 500 } }));
      else return await isolate(around, plan, requests, error);
    }
  }
}

/** Two round trips: lock and load, then write and commit. What lies between them is pure, but for the text of the jobs. */
async function runOnce(
  trx: Trx,
  plan: ShowPlan,
  requests: readonly BoxOfficeRequest[],
  followUps: FollowUps,
): Promise<Decision> {
  // Nothing else is ever locked, so nothing can deadlock.
  const loaded = await lockAndLoad(trx, plan, requests);
  if (!loaded) throw new ProblemError({ code: 'not_found' });
  const decision = decide(loaded.inventory, requests, loaded.now);
  const writes = writeStatements(plan, decision).map((statement) => statement.compile(trx));
  await executeTogether(trx, [...writes, ...(await followUps(decision))], true);
  return decision;
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
  for (const request of requests) answers.push(...(await runBatch(around, plan, [request])));
  return answers;
}
