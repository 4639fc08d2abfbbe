import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Plan } from './scenario.ts';

/** What the command line asks for. */
export interface Arguments {
  /** As they were typed; empty for all scenarios. */
  names: string[];
  plan: Plan;
  /** Where servers leave their CPU profiles; null for none. */
  profileFolder: string | null;
  /** Where the results are written; null for nowhere. */
  resultsFolder: string | null;
  /** Where everything temporary lies, the database's files with it; null: the system's folder for that. */
  workFolder: string | null;
  help: boolean;
}

/** What somebody typed that cannot be meant. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `pnpm bench [scenario …] [--seconds 10] [--rounds 5] [--connections 64] [--quick] [--profile]

  scenario …       which to run, as in "p0 p1"; none: all
  --seconds n      how long each side is measured, all rounds together (10)
  --rounds n       how many times the sides take turns (5)
  --warm-up n      seconds that each side runs before it is measured (3), up to five times over until it is warm
  --connections n  closed-loop connections (64)
  --huge           P5 with ten million bookings instead of one
  --quick          shows that everything works, in seconds; its figures mean nothing and are not written down
  --profile        starts servers with a CPU profile, which lies in bench/profiles afterwards
  --folder path    where temporary files go, the database's with them; a real disk, if figures are to mean anything
  --out path       where results are written (bench/results)
`;

const HOME = path.resolve(import.meta.dirname, '..');
/** What 8 connections manage in a second: enough to pass through everything, too little to tell anything. */
const QUICK: Plan = {
  ...{ seconds: 1, rounds: 1, warmUpSeconds: 0.2, connections: 8 },
  grown: { events: 2000, bookings: 4000 },
  mostPerSecond: 250,
};
const FULL: Plan = {
  ...{ seconds: 10, rounds: 5, warmUpSeconds: 3, connections: 64 },
  grown: { events: 1_000_000, bookings: 1_000_000 },
  mostPerSecond: 64_000,
};
const HUGE_BOOKINGS = 10_000_000;

/** @throws UsageError with a sentence for whoever typed it */
export function readArguments(words: readonly string[]): Arguments {
  const { values, positionals } = parse(words);
  const quick = values.quick === true;
  const preset = quick ? QUICK : FULL;
  const plan: Plan = {
    seconds: readNumber('seconds', values.seconds, preset.seconds, 0.1, 3600),
    rounds: readNumber('rounds', values.rounds, preset.rounds, 1, 100, true),
    warmUpSeconds: readNumber('warm-up', values['warm-up'], preset.warmUpSeconds, 0, 600),
    connections: readNumber('connections', values.connections, preset.connections, 1, 1000, true),
    mostPerSecond: preset.mostPerSecond,
    grown: values.huge === true ? { ...preset.grown, bookings: HUGE_BOOKINGS } : preset.grown,
  };
  const out = values.out === undefined ? null : path.resolve(values.out);
  return {
    names: positionals,
    plan,
    profileFolder: values.profile === true ? path.join(HOME, 'profiles') : null,
    resultsFolder: out ?? (quick ? null : path.join(HOME, 'results')),
    workFolder: values.folder === undefined ? null : path.resolve(values.folder),
    help: values.help === true,
  };
}

function parse(words: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      // pnpm hands on the dashes that separate its own flags from ours.
      args: words.filter((word) => word !== '--'),
      allowPositionals: true,
      options: {
        ...{ seconds: text, rounds: text, 'warm-up': text, connections: text, folder: text, out: text },
        ...{ huge: flag, quick: flag, profile: flag, help: { ...flag, short: 'h' } },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readNumber(
  name: string,
  text: string | undefined,
  ifAbsent: number,
  min: number,
  max: number,
  whole = false,
): number {
  if (text === undefined) return ifAbsent;
  const value = Number(text);
  if (text.trim() !== '' && value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
  throw new UsageError(`--${name} must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}; it is ${text}.`);
}
