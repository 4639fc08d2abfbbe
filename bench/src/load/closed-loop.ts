import { setTimeout as sleep } from 'node:timers/promises';
import { createLatencies, type Latencies } from './latency.ts';

/** How one attempt ended: done, or refused with a problem's code. Whatever else happens to it is thrown. */
export type Outcome = 'done' | { refused: string };

/** One attempt, from the intention to the checked answer. */
export type Step = (connection: number) => Promise<Outcome>;

export interface LoopSettings {
  connections: number;
  /** Runs before the window opens, with the load on. */
  rampMs: number;
  /** The window: what ends within it counts. */
  windowMs: number;
  signal: AbortSignal;
  /** Told now and then how many were done per second so far. */
  onTick?: (perSecond: number) => void;
}

export interface Phase {
  /** Done within the window. */
  done: number;
  seconds: number;
  /** Ended in whatever way, at any time. */
  attempts: number;
  /** How many were refused with which code, within the window. */
  refused: Record<string, number>;
  /** Of what was done. */
  latencies: Latencies;
  /** What was neither done nor refused, at any time; the first of them in words. */
  failures: string[];
}

/** A target that answers wrongly this often is not asked any longer. */
const MAX_FAILURES = 20;
const TICK_MS = 250;

/**
 * Drives a target with a fixed number of connections, each of which makes its next attempt when the last one has ended.
 * Attempts that are under way when the window closes are waited for, and do not count.
 *
 * @throws the signal's reason
 */
export async function runClosedLoop(step: Step, settings: LoopSettings): Promise<Phase> {
  const { connections, rampMs, windowMs, signal, onTick } = settings;
  signal.throwIfAborted();
  const phase: Phase = {
    done: 0,
    seconds: windowMs / 1000,
    attempts: 0,
    refused: {},
    latencies: createLatencies(),
    failures: [],
  };
  const opens = performance.now() + rampMs;
  const closes = opens + windowMs;
  const goesOn = () => performance.now() < closes && !signal.aborted && phase.failures.length < MAX_FAILURES;

  const drive = async (connection: number) => {
    while (goesOn()) {
      const began = performance.now();
      try {
        const outcome = await step(connection);
        const ended = performance.now();
        phase.attempts += 1;
        if (ended >= opens && ended < closes) count(phase, outcome, ended - began);
      } catch (error) {
        phase.failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  };

  const ended = new AbortController();
  const ticking = onTick && tick(phase, opens, onTick, ended.signal);
  await Promise.all(Array.from({ length: connections }, (_, connection) => drive(connection)));
  ended.abort();
  await ticking;
  signal.throwIfAborted();
  return phase;
}

function count(phase: Phase, outcome: Outcome, ms: number): void {
  if (outcome === 'done') {
    phase.done += 1;
    phase.latencies.record(ms);
  } else {
    phase.refused[outcome.refused] = (phase.refused[outcome.refused] ?? 0) + 1;
  }
}

async function tick(phase: Phase, opens: number, onTick: (perSecond: number) => void, ended: AbortSignal) {
  while (!ended.aborted) {
    await sleep(TICK_MS, undefined, { signal: ended }).catch(() => undefined);
    const seconds = (performance.now() - opens) / 1000;
    if (seconds > 0 && !ended.aborted) onTick(phase.done / seconds);
  }
}
