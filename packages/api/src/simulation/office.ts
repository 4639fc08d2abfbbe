import type { Answer } from '../box-office/inventory.ts';
import type { BoxOffice } from '../box-office/queue.ts';
import type { BoxOfficeRequest } from '../box-office/requests.ts';
import { checkAnswers } from './check-answers.ts';
import { checkCommit } from './check-commit.ts';
import { checkForesight } from './check-foresight.ts';
import { listJobs } from './jobs.ts';
import { write } from './ledger.ts';
import { loadInventory } from './load-inventory.ts';
import type { Payer } from './provider.ts';
import { describeRequest, type Stage } from './stage.ts';

/** As many as `runBatch` makes. */
const MAX_TRIES = 3;
/** A process that lives does not dawdle. */
const STEP_MS = 2000;
/** How often a transaction, or what it says when it commits, is lost. */
const LOST = 0.03;

/** How often a request comes twice, of those that say nothing new the second time. */
const REPEATED = 0.05;
const MAY_REPEAT: ReadonlySet<string> = new Set(['finish-payment', 'cancel', 'release', 'close', 'leave', 'decline']);

interface Waiting {
  request: BoxOfficeRequest;
  resolve: (answer: Answer) => void;
}

/** The box office of one process, for one show: as `queue.ts` and `runBatch`, with a turn wherever they would wait. */
export function createSimulatedOffice(stage: Stage, owner: Payer): BoxOffice {
  const { random, schedule, ledger, lock, plan } = stage;
  const queue: Waiting[] = [];
  let isServing = false;

  async function serve(): Promise<void> {
    isServing = true;
    while (queue.length > 0) {
      const { batch, answers } = await runBatch();
      for (const [index, { request, resolve }] of batch.entries()) {
        void deliver(resolve, answers[index]);
        if (MAY_REPEAT.has(request.kind) && !stage.isCalm && random.chance(REPEATED)) void repeat(request);
      }
    }
    isServing = false;
  }

  /** Somebody else says the same, sooner or later: as reconciliation does, while the reply is on its way. */
  async function repeat(request: BoxOfficeRequest): Promise<void> {
    await schedule.turn(owner, () => `${owner.name} is told again`);
    await office.submit(plan.showId, request);
  }

  async function deliver(resolve: (answer: Answer) => void, answer: Answer | undefined): Promise<void> {
    if (!answer) return stage.blame('a request was left without an answer');
    await schedule.turn(owner, () => `${owner.name} answers ${describeAnswer(answer)}`, STEP_MS);
    resolve(answer);
  }

  async function runBatch(): Promise<{ batch: Waiting[]; answers: readonly Answer[] }> {
    let batch: Waiting[] = [];
    for (let attempt = 1; ; attempt += 1) {
      await schedule.turn(owner, () => `${owner.name} asks for the lock`, STEP_MS);
      await lock.take(owner);
      if (attempt === 1) batch = queue.splice(0, 1 + random.below(queue.length));
      const { answers, isLost } = await runOnce(batch.map(({ request }) => request));
      lock.release(owner);
      if (!isLost) return { batch, answers };
      if (attempt < MAX_TRIES) continue;
      const overloaded: Answer = { problem: { code: 'overloaded', retryAfterMs: 500 } };
      return { batch, answers: batch.map(() => overloaded) };
    }
  }

  async function runOnce(
    requests: readonly BoxOfficeRequest[],
  ): Promise<{ answers: readonly Answer[]; isLost: boolean }> {
    const now = schedule.now();
    const before = loadInventory(ledger, plan, requests, now);
    const decision = stage.rules(before, requests, now);
    checkForesight(stage, requests, decision);
    await schedule.turn(owner, () => `${owner.name} commits ${requests.map(describeRequest).join('; ')}`, STEP_MS);
    const fate =
      !stage.isCalm && !owner.isSpared && random.chance(LOST) ? random.pick(['transaction', 'reply'] as const) : null;
    if (fate) stage.tell(() => `the ${fate} was lost`);
    if (fate === 'transaction') return { answers: [], isLost: true };
    checkAnswers(stage, requests, decision);
    write(ledger, decision.changes, now);
    ledger.jobs.push(...listJobs(decision));
    checkCommit(stage, requests, decision);
    return { answers: decision.answers, isLost: fate === 'reply' };
  }

  const office: BoxOffice = {
    submit: (_showId, request) =>
      new Promise((resolve) => {
        // Whoever asks a dead process waits for ever.
        if (owner.isDead) return;
        queue.push({ request, resolve });
        if (isServing) return;
        serve().catch((error: unknown) => stage.blame(`the box office threw ${error}`));
      }),
    waiting: () => queue.length,
    isBusy: () => isServing,
    drain: async () => {},
  };
  return office;
}

export function describeAnswer(answer: Answer): string {
  if ('problem' in answer) return JSON.stringify(answer.problem);
  if ('entry' in answer) return `entry ${answer.entry.id}, ${answer.entry.status}`;
  if (!('booking' in answer)) return 'done';
  const { id, status, version } = answer.booking;
  return `booking ${id}, ${status}, version ${version}`;
}
