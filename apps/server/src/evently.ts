/** `pnpm evently <command>`: what an operator does besides running the server. */
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { adminCreateCommand } from './commands/admin-create.ts';
import { type Command, type CommandContext, parseOptionsOf } from './commands/command.ts';
import { doctorCommand } from './commands/doctor.ts';
import { migrateCommand } from './commands/migrate.ts';
import { rushCommand } from './commands/rush.ts';
import { seedCommand } from './commands/seed.ts';
import { explain } from './explain.ts';
import { createProgress } from './progress.ts';
import { readSettings } from './settings.ts';
import { VERSION } from './version.ts';

const COMMANDS: readonly Command[] = [migrateCommand, seedCommand, adminCreateCommand, doctorCommand, rushCommand];

function helpOf(): string {
  const lines = COMMANDS.flatMap(({ name, summary, options }) => [
    `  ${pc.bold(name.padEnd(14))} ${summary}`,
    ...Object.entries(options).map(([option, { help }]) => `${' '.repeat(17)}--${option.padEnd(10)} ${pc.dim(help)}`),
  ]);
  return `${pc.bold('evently')} ${VERSION}\n\nUsage: pnpm evently <command>\n\n${lines.join('\n')}\n\nSettings come from the environment, as for the server.\n`;
}

function findCommand(args: readonly string[]): { command: Command; rest: string[] } | null {
  for (const command of COMMANDS) {
    const words = command.name.split(' ');
    if (words.every((word, index) => args[index] === word)) return { command, rest: args.slice(words.length) };
  }
  return null;
}

/** What was given on the command line, or a sentence about what does not fit. */
function readOptions(command: Command, args: string[]): CommandContext['options'] | string {
  try {
    const { values } = parseArgs({ args, options: parseOptionsOf(command), strict: true });
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? undefined : value]),
    );
  } catch (error) {
    return `evently ${command.name}: ${explain(error)}`;
  }
}

async function main(args: string[]): Promise<number> {
  const print = (text: string) => void process.stdout.write(`${text}\n`);
  if (args.length === 0 || args.includes('--help') || args.includes('-h') || args[0] === 'help') {
    print(helpOf());
    return 0;
  }
  const found = findCommand(args);
  if (!found) {
    process.stderr.write(`There is no command "${args.join(' ')}".\n\n${helpOf()}`);
    return 2;
  }
  const options = readOptions(found.command, found.rest);
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n`);
    return 2;
  }
  const progress = createProgress(process.stdout);
  return await found.command.run({ settings: readSettings(), progress, options, print });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
