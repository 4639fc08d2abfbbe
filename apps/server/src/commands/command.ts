import type { ParseArgsConfig } from 'node:util';
import type { Progress } from '../progress.ts';
import type { Settings } from '../settings.ts';

/** What a command is run with. */
export interface CommandContext {
  settings: Settings;
  progress: Progress;
  /** Options as they were given on the command line. */
  options: Record<string, string | boolean | undefined>;
  print: (text: string) => void;
}

/** One of `pnpm evently …`. */
export interface Command {
  /** As it is typed, such as `admin create`. */
  name: string;
  summary: string;
  /** A line of help per option. */
  options: Record<string, { type: 'string' | 'boolean'; help: string }>;
  /** @returns the exit code */
  run: (context: CommandContext) => Promise<number>;
}

export function parseOptionsOf(command: Command): NonNullable<ParseArgsConfig['options']> {
  return Object.fromEntries(Object.entries(command.options).map(([name, { type }]) => [name, { type }]));
}
