/** `pnpm bench`: measures what the design promises, each figure as a ratio within one run on one machine. */
import { readArguments, USAGE, UsageError } from './arguments.ts';
import { runBench } from './run-bench.ts';

const INTERRUPTED = 130;

const stopping = new AbortController();
const stop = (signal: string) => {
  // Asked twice means now; what we started notices by itself that we are gone.
  if (stopping.signal.aborted) process.exit(INTERRUPTED);
  stopping.abort(new Error(`stopped by ${signal}`));
};
process.on('SIGINT', stop);
process.on('SIGTERM', stop);

try {
  const asked = readArguments(process.argv.slice(2));
  if (asked.help) process.stdout.write(USAGE);
  process.exitCode = asked.help || (await runBench(asked, process.stdout, stopping.signal)) ? 0 : 1;
} catch (error) {
  const said = error instanceof Error ? error.message : String(error);
  process.stderr.write(`\n${said}\n${error instanceof UsageError ? `\n${USAGE}` : ''}`);
  process.exitCode = stopping.signal.aborted ? INTERRUPTED : 1;
}
