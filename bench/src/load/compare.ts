import { formatMs, formatRate } from '../report/figures.ts';
import type { Stage } from '../scenario.ts';
import { type Phase, runClosedLoop, type Step } from './closed-loop.ts';
import { createLatencies, type Percentiles } from './latency.ts';
import { pairedRatio } from './ratio.ts';

/** Something that is driven, and measured beside something else. */
export interface Side {
  name: string;
  /** What is counted, in the plural: `bookings`. */
  unit: string;
  /** Absent: as many as the plan says. */
  connections?: number;
  step: Step;
  /** What the process at the other end has used of the processor so far, in milliseconds, where it is one that can tell. */
  cpuMs?: () => Promise<number>;
  /** Waits until nothing that a phase set going disturbs the next one. */
  calm?: () => Promise<void>;
}

/** What came of a side, in absolute figures. */
export interface SideReport {
  name: string;
  unit: string;
  connections: number;
  /** Per second, over all rounds. */
  rate: number;
  /** Per second, by round. */
  rates: number[];
  latency: Percentiles | null;
  /** The median of each round, in milliseconds; of rounds in which anything was done. */
  medians: number[];
  /** What one attempt cost the process at the other end, in milliseconds of the processor; null where it cannot tell. */
  cpuMs: number | null;
  refused: Record<string, number>;
}

export interface Comparison {
  ours: SideReport;
  other: SideReport;
  ratio: number;
  /** By round. */
  ratios: number[];
  failures: string[];
}

/** The load is on for as long before each window opens, so that no connection is measured while it is being made; less for short ones. */
const RAMP_MS = 200;
/** V8 makes fast what has run some ten thousand times: after three seconds a server still takes twice as long for a request. */
const WARM_ATTEMPTS = 20_000;
/** A side that is too slow for so many has had its chance after as many warm-ups. */
const MAX_WARM_UPS = 5;

/**
 * Lets sides take turns: each warms up, then each is measured in every round, in the order given.
 *
 * @throws Error when a side answers nothing but nonsense
 */
export async function takeTurns<S extends Side[]>(
  stage: Stage,
  ...sides: S
): Promise<{ reports: { [I in keyof S]: SideReport }; failures: string[] }> {
  const { rounds, warmUpSeconds, seconds } = stage.plan;
  const tallies = sides.map((side) => createTally(stage, side));
  for (const tally of tallies) await tally.warmUp(warmUpSeconds * 1000);
  for (let round = 1; round <= rounds; round += 1) {
    for (const tally of tallies) await tally.measure(`round ${round}/${rounds}`, (seconds * 1000) / rounds);
  }
  return {
    reports: tallies.map((tally) => tally.report()) as { [I in keyof S]: SideReport },
    failures: tallies.flatMap((tally) => tally.failures),
  };
}

/** Lets ours and another side take turns, the other first; the figure is the median of the rounds' ratios. @throws Error as `takeTurns` */
export async function compare(stage: Stage, ours: Side, other: Side): Promise<Comparison> {
  const { reports, failures } = await takeTurns(stage, other, ours);
  return { ours: reports[1], other: reports[0], ...pairedRatio(reports[1].rates, reports[0].rates), failures };
}

function createTally(stage: Stage, side: Side) {
  const { name, unit, step, cpuMs, calm, connections = stage.plan.connections } = side;
  const phases: (Phase & { cpuMs: number })[] = [];
  const latencies = createLatencies();
  const failures: string[] = [];
  const refused: Record<string, number> = {};

  async function run(what: string, rampMs: number, windowMs: number): Promise<Phase & { cpuMs: number }> {
    const label = `${name}, ${what}`;
    const onTick = (perSecond: number) => stage.progress.show(`${label}: ${formatRate(perSecond, unit)}`);
    stage.progress.show(label);
    const cpuBefore = (await cpuMs?.()) ?? 0;
    const phase = await runClosedLoop(step, { connections, rampMs, windowMs, signal: stage.signal, onTick });
    const cpu = ((await cpuMs?.()) ?? 0) - cpuBefore;
    const p99 = phase.latencies.percentiles()?.p99;
    const pace = p99 === undefined ? '' : `, p99 ${formatMs(p99)}`;
    stage.progress.line(`${label}: ${formatRate(phase.done / phase.seconds, unit)}${pace}`);
    failures.push(...phase.failures.map((failure) => `${name}: ${failure}`));
    if (phase.failures.length > 0 && phase.done === 0) throw new Error(`${label}: ${phase.failures[0]}`);
    await calm?.();
    return { ...phase, cpuMs: cpu };
  }

  async function warmUp(windowMs: number): Promise<void> {
    let attempts = 0;
    for (let i = 0; i < MAX_WARM_UPS && attempts < WARM_ATTEMPTS && windowMs > 0; i += 1) {
      attempts += (await run('warm-up', 0, windowMs)).done;
    }
  }

  async function measure(what: string, windowMs: number): Promise<void> {
    const phase = await run(what, Math.min(RAMP_MS, windowMs / 5), windowMs);
    phases.push(phase);
    latencies.add(phase.latencies);
    for (const [code, times] of Object.entries(phase.refused)) refused[code] = (refused[code] ?? 0) + times;
  }

  const report = (): SideReport => {
    if (sumOf(phases, 'done') === 0) throw new Error(`${name}: nothing was done ${JSON.stringify(refused)}`);
    return describe();
  };

  const describe = (): SideReport => ({
    name,
    unit,
    connections,
    rate: sumOf(phases, 'done') / sumOf(phases, 'seconds'),
    rates: phases.map(({ done, seconds }) => done / seconds),
    latency: latencies.percentiles(),
    medians: phases.flatMap((phase) => phase.latencies.percentiles()?.p50 ?? []),
    cpuMs: cpuMs ? sumOf(phases, 'cpuMs') / sumOf(phases, 'attempts') : null,
    refused,
  });
  return { warmUp, measure, report, failures };
}

function sumOf<K extends string>(rows: readonly Record<K, number>[], name: K): number {
  return rows.reduce((sum, row) => sum + row[name], 0);
}
