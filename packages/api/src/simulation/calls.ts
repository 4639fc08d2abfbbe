import type { Selling } from '../bookings/claim-places.ts';
import type { Answer } from '../box-office/inventory.ts';
import type { BoxOfficeRequest } from '../box-office/requests.ts';
import { ProblemError } from '../problem.ts';
import { ConnectionLost, type Process } from './process.ts';
import { WORLD } from './schedule.ts';
import { describeRequest, type Promised, type Stage } from './stage.ts';

/** A call by somebody, to whichever process they reach. */
export interface Calls {
  /** Calls, and calls again with the same words while there is no answer; null when there is none in the end, or a refusal. */
  call: <T>(userId: string, what: () => string, work: (ctx: Selling) => Promise<T>) => Promise<T | null>;
  /** Puts a request to the box office as a verb would that does nothing else. */
  ask: (userId: string, request: BoxOfficeRequest) => Promise<void>;
  /** Keeps in mind what somebody was answered. */
  hear: (userId: string, booking: (Promised & { id: string }) | null) => void;
}

const MAX_TRIES = 3;
const AGAIN: ReadonlySet<string> = new Set(['overloaded', 'unavailable']);

export function createCalls(stage: Stage, findProcess: () => Process): Calls {
  const { schedule, plan } = stage;

  async function call<T>(userId: string, what: () => string, work: (ctx: Selling) => Promise<T>): Promise<T | null> {
    const actor = { userId, email: '', name: '', role: 'user' } as const;
    for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
      await schedule.turn(WORLD, () => `${userId} calls: ${what()}`);
      const process = findProcess();
      try {
        return await process.serve((selling) => work({ ...selling, actor }));
      } catch (error) {
        const isRefused = error instanceof ProblemError;
        // Whatever else it is would be a 500: nobody foresaw it.
        if (!isRefused && !(error instanceof ConnectionLost)) throw error;
        stage.tell(() => `${userId} hears: ${isRefused ? JSON.stringify(error.problem) : 'nothing'}`);
        if (isRefused && !AGAIN.has(error.problem.code)) return null;
      }
    }
    return null;
  }

  function hear(userId: string, booking: (Promised & { id: string }) | null): void {
    if (!booking) return;
    const { id, status, version } = booking;
    stage.tell(() => `${userId} hears: booking ${id}, ${status}, version ${version}`);
    const before = stage.promised.get(id);
    if (!before || before.version <= version) stage.promised.set(id, { status, version });
  }

  async function ask(userId: string, request: BoxOfficeRequest): Promise<void> {
    const answer = await call<Answer>(
      userId,
      () => describeRequest(request),
      async (ctx) => {
        const said = await ctx.boxOffice.submit(plan.showId, request);
        if ('problem' in said) throw new ProblemError(said.problem);
        return said;
      },
    );
    if (answer && 'booking' in answer) hear(userId, answer.booking);
  }

  return { call, ask, hear };
}
