import type { SideReport } from './load/compare.ts';
import type { Progress } from './report/progress.ts';

/** How much is measured. */
export interface Plan {
  /** How long each side is measured, all rounds together. */
  seconds: number;
  /** How many times the sides take turns. */
  rounds: number;
  /** How long each side runs before it is measured; up to five times as long, until it has run often enough to be fast. */
  warmUpSeconds: number;
  /** Closed-loop: each connection sends its next request when its last one was answered. */
  connections: number;
  /** How far the database of P5 has grown. */
  grown: { events: number; bookings: number };
  /** The highest load that P9 tries to find sustainable, in bookings per second. */
  mostPerSecond: number;
}

/** Where a scenario plays: what it may use, and what ends with it. */
export interface Stage {
  readonly plan: Plan;
  /** Aborted when the run is to end early. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Closed in the opposite order when the scenario is over, however it ends. */
  readonly opened: AsyncDisposableStack;
  /** An empty folder of the scenario's own, removed after it. */
  readonly folder: string;
  /** Where a server leaves its CPU profile; null for none. */
  readonly profileFolder: string | null;
  /** What is learnt on the way about what is measured. */
  readonly facts: { postgres: string | null };
}

/** What a ratio (or a time, or a size) shall be. */
export interface Target {
  must: number;
  wanted: number;
  /** Whether more of it is better, or less. */
  better: 'more' | 'less';
  /** As in `×` or `ms`. */
  unit: string;
}

/** One line of the table. */
export interface Finding {
  what: string;
  /** With its unit, for people. */
  measured: string;
  against: string;
  value: number;
  target: Target;
}

/** A picture of what was found. */
export interface Plot {
  /** The name of its file, as in `overload.svg`. */
  file: string;
  title: string;
  svg: string;
}

export interface ScenarioReport {
  findings: Finding[];
  /** Everything that was driven, in absolute figures. */
  sides: SideReport[];
  /** What a reader of the figures must know, a sentence each. */
  notes: string[];
  /** Wrong answers and broken invariants, a sentence each: any of them fails the run, since a fast wrong number is no number. */
  failures: string[];
  plots?: Plot[];
}

export interface Scenario {
  /** As in docs and on the command line: P0, P1b. */
  name: string;
  title: string;
  run: (stage: Stage) => Promise<ScenarioReport>;
}
