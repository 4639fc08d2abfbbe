import type { SideReport } from '../load/compare.ts';
import type { Percentiles } from '../load/latency.ts';
import type { Finding, ScenarioReport, Target } from '../scenario.ts';
import { formatCount, formatDigits, formatMicroseconds, formatMs } from './figures.ts';
import type { Machine } from './machine.ts';

export interface NamedReport extends ScenarioReport {
  name: string;
}

export interface Results {
  machine: Machine;
  /** ISO 8601, UTC. */
  date: string;
  /** As it was typed, without what only says where things go. */
  command: string;
  scenarios: NamedReport[];
}

export type Verdict = 'wanted' | 'must' | 'missed';

/** Whether a figure is what we want, what must be, or neither. */
export function verdictOf(value: number, { must, wanted, better }: Target): Verdict {
  const reaches = (goal: number) => (better === 'more' ? value >= goal : value <= goal);
  if (reaches(wanted)) return 'wanted';
  return reaches(must) ? 'must' : 'missed';
}

const VERDICTS: Record<Verdict, string> = { wanted: '✓ as wanted', must: '✓ as it must be', missed: '✗ missed' };

/** Everything that was found, as Markdown. */
export function writeMarkdown({ machine, date, command, scenarios }: Results): string {
  const findings = scenarios.flatMap(({ name, findings: found }) => found.map((finding) => [name, finding] as const));
  const sides = scenarios.flatMap(({ name, sides: driven }) => driven.map((side) => [name, side] as const));
  const notes = scenarios.flatMap(({ name, notes: said }) => said.map((note) => `- ${name}: ${note}`));
  const failures = scenarios.flatMap(({ name, failures: found }) => found.map((failure) => `- ${name}: ${failure}`));
  return [
    writeTable(
      ['', 'scenario', 'measured', 'against', 'ratio', 'must', 'wanted', 'verdict'],
      findings.map(([name, finding]) => findingRow(name, finding)),
    ),
    'Absolute figures, which hold for this machine at that hour only; ratios are medians over the rounds of one run. “CPU each” is what the process that was driven used of the processor per attempt, without Postgres.',
    writeTable(
      [
        '',
        'driven',
        'connections',
        'per second',
        'lowest … highest round',
        'p50',
        'p90',
        'p99',
        'p99.9',
        'CPU each',
        'refused',
      ],
      sides.map(([name, side]) => sideRow(name, side)),
    ),
    ...scenarios.flatMap(({ plots = [] }) => plots.map(({ title, file }) => `![${title}](${file})`)),
    ...(notes.length > 0 ? [notes.join('\n')] : []),
    failures.length > 0
      ? ['**The run failed:**', '', ...failures].join('\n')
      : 'Every answer was as it must be, and so is the database.',
    describeMachine(machine, date, command),
  ].join('\n\n');
}

function findingRow(name: string, { what, measured, against, value, target }: Finding): string[] {
  const amount = (figure: number) => `${formatDigits(figure)} ${target.unit}`;
  const bound = (figure: number) => `${target.better === 'more' ? '≥' : '≤'} ${amount(figure)}`;
  const verdict = VERDICTS[verdictOf(value, target)];
  return [name, what, measured, against, amount(value), bound(target.must), bound(target.wanted), verdict];
}

function sideRow(
  name: string,
  { name: driven, unit, connections, rate, rates, latency, cpuMs, refused }: SideReport,
): string[] {
  const at = (percentile: keyof Percentiles) => (latency === null ? '' : formatMs(latency[percentile]));
  return [
    ...[name, driven, String(connections), `${formatCount(rate)} ${unit}`],
    `${formatCount(Math.min(...rates))} … ${formatCount(Math.max(...rates))}`,
    ...[at('p50'), at('p90'), at('p99'), at('p999')],
    cpuMs === null ? '' : formatMicroseconds(cpuMs),
    Object.entries(refused)
      .map(([code, times]) => `${formatCount(times)} × ${code}`)
      .join(', '),
  ];
}

function describeMachine(machine: Machine, date: string, command: string): string {
  return [
    `${date} · \`${command}\``,
    `${machine.cores} cores (${machine.processor}), ${formatDigits(machine.memoryGiB)} GiB, ${machine.system} · Node ${machine.node} · PostgreSQL ${machine.postgres ?? 'not started'}`,
    `An fsync took ${formatMs(machine.fsyncMs)} (median); the load average was ${formatDigits(machine.loadBefore)} before the run.`,
  ].join('  \n');
}

/** A table whose columns line up where it is read as text, too. */
export function writeTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, ...[title, ...rows.map((row) => row[column] ?? '')].map(widthOf)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => (cells[column] ?? '') + ' '.repeat(width - widthOf(cells[column] ?? ''))).join(' | ')} |`;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}

const widthOf = (text: string) => [...text].length;
