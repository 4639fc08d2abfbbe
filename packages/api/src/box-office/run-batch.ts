import type { Db, Trx } from '@evently/db/client';
import { errorCodeOf, isTransient, waitWithJitter } from '@evently/db/transaction';
import { ProblemError } from '../problem.ts';
import { lockInventory } from '../shows/inventory-lock.ts';
import { decide } from './decide/decide.ts';
import type { Answer, Decision } from './inventory.ts';
import { loadInventory } from './load.ts';
import type { ShowPlan } from './plans.ts';
import type { BoxOfficeRequest } from './requests.ts';
import { StaleDecision, writeChanges } from './write.ts';

/** What shall happen in the same transaction as a decision, such as enqueueing a job. */
export type AfterWrite = (trx: Trx, plan: ShowPlan, decision: Decision) => Promise<void>;

const MAX_TRIES = 3;

/**
 * Whether what was decided on is not what is there: the rows were not as loaded, or one of Postgres's own walls held (an
 * integrity violation, SQLSTATE class 23). Somebody wrote past the lock; deciding again will see what.
 */
function isStale(error: unknown): boolean {
  return error instanceof StaleDecision || errorCodeOf(error)?.startsWith('23') === true;
}

/**
 * Decides a batch: lock, load, decide, write, in one transaction. What is transient is tried again, three times in all.
 *
 * @returns one answer per request, or an error per request that has none
 */
export async function runBatch(
  db: Db,
  plan: ShowPlan,
  requests: readonly BoxOfficeRequest[],
  afterWrite: AfterWrite,
): Promise<(Answer | Error)[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute((trx) => runOnce(trx, plan, requests, afterWrite));
    } catch (error) {
      if (error instanceof ProblemError) return requests.map(() => ({ problem: error.problem }));
      if (attempt < MAX_TRIES && (isTransient(error) || isStale(error))) await waitWithJitter(attempt);
      else if (isTransient(error)) return requests.map(() => ({ problem: { code: 'overloaded', retryAfterMs: 500 } }));
      else return await isolate(db, plan, requests, afterWrite, error);
    }
  }
}

async function runOnce(
  trx: Trx,
  plan: ShowPlan,
  requests: readonly BoxOfficeRequest[],
  afterWrite: AfterWrite,
): Promise<Answer[]> {
  // Nothing else is ever locked, so nothing can deadlock.
  const { version } = await lockInventory(trx, plan.showId);
  const loaded = await loadInventory(trx, plan, requests, version);
  if (!loaded) throw new ProblemError({ code: 'not_found' });
  const decision = decide(loaded.inventory, requests, loaded.now);
  await writeChanges(trx, plan, decision);
  await afterWrite(trx, plan, decision);
  return decision.answers;
}

/** One request poisons the batch: alone, each of its neighbours is served, and only the poisoned one fails. */
async function isolate(
  db: Db,
  plan: ShowPlan,
  requests: readonly BoxOfficeRequest[],
  afterWrite: AfterWrite,
  error: unknown,
): Promise<(Answer | Error)[]> {
  if (requests.length === 1) return [error instanceof Error ? error : new Error(String(error))];
  const answers: (Answer | Error)[] = [];
  for (const request of requests) answers.push(...(await runBatch(db, plan, [request], afterWrite)));
  return answers;
}
