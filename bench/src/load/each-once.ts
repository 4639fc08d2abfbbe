import type { LoopSettings, Phase, Step } from './closed-loop.ts';
import { createLatencies } from './latency.ts';

/** As many failures as show what is wrong. */
const MAX_FAILURES = 20;

/**
 * Makes a number of attempts and no more, over a number of connections, each of which takes the next one as soon as its
 * last one has ended.
 *
 * @param step is told the number of the attempt, from 0
 * @throws the signal's reason
 */
export async function runEachOnce(
  step: Step,
  { attempts, connections, signal }: Pick<LoopSettings, 'connections' | 'signal'> & { attempts: number },
): Promise<Phase> {
  const phase: Phase = { done: 0, seconds: 0, attempts: 0, refused: {}, latencies: createLatencies(), failures: [] };
  let next = 0;
  const began = performance.now();
  const drive = async () => {
    while (next < attempts && !signal.aborted && phase.failures.length < MAX_FAILURES) {
      const attempt = next;
      next += 1;
      const sent = performance.now();
      try {
        const outcome = await step(attempt);
        if (outcome === 'done') phase.done += 1;
        else phase.refused[outcome.refused] = (phase.refused[outcome.refused] ?? 0) + 1;
        phase.latencies.record(performance.now() - sent);
        phase.attempts += 1;
      } catch (error) {
        phase.failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, drive));
  signal.throwIfAborted();
  phase.seconds = (performance.now() - began) / 1000;
  return phase;
}
