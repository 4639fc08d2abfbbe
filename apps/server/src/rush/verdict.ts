/** What there is to say when a rush is over: pure. */
import type { Finding } from './audit.ts';
import type { RushShow } from './floor.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';
import { drawRefusals, inMs } from './picture.ts';
import type { Closing } from './race.ts';
import { type Style, wrap } from './style.ts';
import { callKinds, countErrors, countRefusals, type Tally } from './tally.ts';

/** The facts of a rush. */
export interface Verdict {
  show: Pick<RushShow, 'name' | 'capacity' | 'startsAt' | 'price'>;
  closing: Closing;
  durationMs: number;
  tally: Tally;
  /** What the database says; a sentence when it could not be asked. */
  findings: Finding[] | string;
}

/** A run that was stopped by hand proves nothing, but it is no failure either: as shells have it, 128 and the signal. */
const STOPPED = 130;

/** 0: everything held. 1: something is violated, or an answer was neither a sale nor a refusal. */
export function exitCodeOf({ tally, findings, closing }: Verdict): number {
  const isViolated = typeof findings === 'string' || findings.some(({ violations }) => violations.length > 0);
  if (isViolated || countErrors(tally) > 0) return 1;
  return closing === 'stopped' ? STOPPED : 0;
}

export function describeVerdict(verdict: Verdict, style: Style, columns: number): string[] {
  const { tally, show, closing, durationMs } = verdict;
  const lines = [
    `  ${style.bold(show.name)} ${closing === 'stopped' ? 'was stopped' : `is over: ${closing}`} after ${inSeconds(durationMs)}.`,
    '',
    ...describeSales(verdict, style, columns),
    ...describeErrors(tally, style, columns),
    '',
    ...describeLatencies(tally, style),
    '',
    ...describeFindings(verdict, style, columns),
    '',
    ...conclude(verdict, style, columns),
  ];
  return lines.map((line) => line.trimEnd());
}

const INDENT = 12;
const inSeconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** A heading with what belongs to it, broken where the line ends. */
function entry(name: string, text: string, style: Style, columns: number): string[] {
  const lines = wrap(text, columns - INDENT, 0);
  return lines.map((line, index) => `  ${style.bold((index === 0 ? name : '').padEnd(INDENT - 2))}${line}`);
}

function describeSales({ tally, show, durationMs }: Verdict, style: Style, columns: number): string[] {
  const { sales, ticketsSold, soldPerSecond, buyers } = tally;
  const takings = sales.reduce((sum, { total }) => sum + total, 0);
  const money = show.price === 0 ? 'free of charge' : `for ${(takings / 100).toFixed(2)} EUR`;
  const sold = `${ticketsSold} of ${show.capacity} tickets in ${sales.length} bookings, ${money}`;
  const peak = Math.max(0, ...Array.from(soldPerSecond, (count) => count ?? 0));
  const mean = durationMs === 0 ? 0 : ticketsSold / (durationMs / 1000);
  const people = [
    `${buyers.served} served`,
    `${buyers.changed} changed their minds`,
    `${buyers.left + buyers.outside} left without`,
  ];
  const refused = countRefusals(tally);
  const reasons = refused === 0 ? '' : `: ${drawRefusals([...tally.refusals], style)}`;
  return [
    ...entry('Sold', sold, style, columns),
    ...entry('Rate', `${mean.toFixed(1)} tickets/s, ${peak} in the best second`, style, columns),
    ...entry('Buyers', people.join(style.separator), style, columns),
    ...entry('Refused', `${refused}${reasons}`, style, columns),
  ];
}

const ERRORS_SHOWN = 5;

function describeErrors(tally: Tally, style: Style, columns: number): string[] {
  const count = countErrors(tally);
  if (count === 0) return entry('Errors', '0', style, columns);
  const kinds = [...tally.errors].toSorted(([, a], [, b]) => b - a);
  const shown = kinds
    .slice(0, ERRORS_SHOWN)
    .flatMap(([what, times]) => entry('', `${what} (${times})`, style, columns));
  return [
    ...entry('Errors', `${count} answers were neither a sale nor a refusal:`, style, columns).map(style.bad),
    ...shown,
    ...(kinds.length > ERRORS_SHOWN ? entry('', 'and others', style, columns) : []),
  ];
}

const COLUMNS = ['p50', 'p90', 'p99', 'max'] as const satisfies (keyof Percentiles)[];
const WIDTH = 10;

function describeLatencies({ latencies }: Tally, style: Style): string[] {
  const cells = (texts: readonly string[]) => texts.map((text) => text.padStart(WIDTH)).join('');
  return [
    `  ${style.bold('Latency'.padEnd(INDENT - 2))}${style.dim(cells(['calls', ...COLUMNS]))}`,
    ...callKinds.flatMap((kind) => {
      const found = percentilesOf(latencies[kind]);
      if (!found) return [];
      return [
        `  ${kind.padEnd(INDENT - 2)}${cells([String(found.count), ...COLUMNS.map((part) => inMs(found[part]))])}`,
      ];
    }),
  ];
}

const VIOLATIONS_SHOWN = 3;

function describeFindings({ findings }: Verdict, style: Style, columns: number): string[] {
  const title = `  ${style.bold('What the database says')}`;
  if (typeof findings === 'string')
    return [
      title,
      ...wrap(findings, columns - 4, 0).map(
        (line, index) => `  ${index === 0 ? style.bad(style.cross) : ' '.repeat(style.cross.length)} ${line}`,
      ),
    ];
  const margin = 2 + style.tick.length + 1;
  return [
    title,
    ...findings.flatMap(({ name, holds, violations }) => {
      const mark = violations.length === 0 ? style.good(style.tick) : style.bad(style.cross);
      const more = violations.length - VIOLATIONS_SHOWN;
      // The mark stands outside of what is wrapped, since the colours between words would count as words.
      const [first = '', ...rest] = wrap(`${name.padEnd(3)}${holds}`, columns - margin, 3);
      return [
        `  ${mark} ${first}`,
        ...rest.map((line) => ' '.repeat(margin) + line),
        ...violations
          .slice(0, VIOLATIONS_SHOWN)
          .flatMap((what) => wrap(what, columns - margin - 3, 2).map((line) => ' '.repeat(margin + 3) + line)),
        ...(more > 0 ? [`${' '.repeat(margin + 3)}and ${more} more`] : []),
      ];
    }),
  ];
}

function conclude(verdict: Verdict, style: Style, columns: number): string[] {
  const { show, findings, tally } = verdict;
  const starts = show.startsAt.toTimeString().slice(0, 5);
  const stays = `"${show.name}" stays, since it was sold: it begins at ${starts} and leaves the public lists by itself. Its buyers are accounts @rush.invalid, which nobody can sign in to.`;
  return [`  ${sentence(findings, tally, style)}`, ...wrap(stays, columns - 2, 0).map((line) => `  ${line}`)];
}

function sentence(findings: Verdict['findings'], tally: Tally, style: Style): string {
  if (typeof findings === 'string') return style.bad('Whether anything was sold twice is not known.');
  const broken = findings.filter(({ violations }) => violations.length > 0).length;
  if (broken > 0) return style.bad(`${broken} of these ${findings.length} do not hold.`);
  if (countErrors(tally) > 0) return style.bad('Nothing was sold twice, but not every answer was one.');
  return style.bold(style.good('Nothing was sold twice, and nothing was lost.'));
}
