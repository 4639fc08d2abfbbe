/** `pnpm simulate`: plays random histories of a show, and prints the first that goes wrong, with all that led to it. */
import { parseArgs } from 'node:util';
import { playHistory } from './play-history.ts';
import { playMany } from './play-many.ts';
import { describeFailure, findFailure } from './shrink.ts';

const USAGE = `pnpm simulate [--histories 10000] [--from 1] [--seed n]

  --histories n  how many to play (10,000)
  --from n       the seed of the first of them (1); each one has the next
  --seed n       plays this one, and prints what happens in it
`;

const say = (text: string) => process.stdout.write(text);

async function playOne(seed: number): Promise<boolean> {
  const { failure } = await findFailure(seed);
  if (failure) say(describeFailure(failure));
  else say(`${(await playHistory(seed, { traced: true })).trace.join('\n')}\n\nhistory ${seed} is as it must be\n`);
  return failure === null;
}

async function playAll(from: number, histories: number): Promise<boolean> {
  const began = performance.now();
  const told = createProgress(histories, () => performance.now() - began);
  const { failure, seen } = await playMany({ from, histories }, told);
  say(`\n${failure ? describeFailure(failure) : `All as they must be. In them: ${[...seen].sort().join(', ')}.\n`}`);
  return failure === null;
}

/** Tells how far it has come: on a terminal in one line, elsewhere in some twenty. */
function createProgress(histories: number, elapsedMs: () => number): (done: number) => void {
  let next = 0;
  return (done) => {
    if (done < next && done < histories) return;
    next = done + (process.stdout.isTTY ? 0 : histories / 20);
    const line = `${done} of ${histories} histories, ${Math.round(done / (elapsedMs() / 1000))} a second`;
    say(process.stdout.isTTY ? `\r${line} ` : `${line}\n`);
  };
}

function readNumber(name: string, value: string | undefined, otherwise: number): number {
  const number = value === undefined ? otherwise : Number(value);
  if (!Number.isSafeInteger(number) || number < 1) throw new TypeError(`--${name} must be a whole number from 1`);
  return number;
}

try {
  const option = { type: 'string' } as const;
  const options = { histories: option, from: option, seed: option, help: { type: 'boolean' } } as const;
  const { values } = parseArgs({ options });
  const { histories, from, seed, help } = values;
  if (help) say(USAGE);
  else if (seed !== undefined) process.exitCode = (await playOne(readNumber('seed', seed, 1))) ? 0 : 1;
  else {
    const isRight = await playAll(readNumber('from', from, 1), readNumber('histories', histories, 10_000));
    process.exitCode = isRight ? 0 : 1;
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  process.exitCode = 1;
}
