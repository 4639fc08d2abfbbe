import { type Played, type Playing, playHistory } from './play-history.ts';

/** A history that went wrong, with as little in it as still goes wrong. */
export interface Failure {
  seed: number;
  wrong: string;
  /** How many intents it had, and how many of them were left out. */
  intents: number;
  left: number;
  trace: string[];
}

/** Plays a history; when something is wrong with it, leaves out what people intend, one after the other, as far as it can. */
export async function findFailure(
  seed: number,
  playing: Playing = {},
): Promise<{ played: Played; failure: Failure | null }> {
  const played = await playHistory(seed, playing);
  if (played.wrong === null) return { played, failure: null };
  let without: ReadonlySet<number> = new Set();
  for (let index = 0; index < played.intents; index += 1) {
    const fewer = new Set([...without, index]);
    if ((await playHistory(seed, { ...playing, without: fewer })).wrong !== null) without = fewer;
  }
  const { wrong, trace, intents } = await playHistory(seed, { ...playing, without, traced: true });
  return { played, failure: { seed, wrong: wrong ?? played.wrong, intents, left: without.size, trace } };
}

/** For people, with the way to see it again. */
export function describeFailure({ seed, wrong, intents, left, trace }: Failure): string {
  const story = trace.map((line) => `  ${line}`).join('\n');
  const summary = `history ${seed} goes wrong, with ${intents - left} of its ${intents} intents as well: ${wrong}`;
  return `${summary}\n\n${story}\n\nAgain: pnpm simulate --seed ${seed}\n`;
}
