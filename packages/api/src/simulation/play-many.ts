import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Playing } from './play-history.ts';
import { type Failure, findFailure } from './shrink.ts';

/** Which histories: those of the seeds from, from + step, from + 2 step … */
export interface Range {
  from: number;
  step?: number;
  histories: number;
}

/** How often somebody is told how far it has come, and the event loop looks at anything else. */
const PER_TURN = 500;

/** Plays histories until one goes wrong, or all have been played. */
export async function playMany(
  { from, step = 1, histories }: Range,
  tell: (done: number) => void = () => undefined,
  playing: Playing = {},
): Promise<{ failure: Failure | null; played: number; seen: Set<string> }> {
  const seen = new Set<string>();
  for (let index = 0; index < histories; index += 1) {
    const { played, failure } = await findFailure(from + index * step, playing);
    for (const kind of played.seen) seen.add(kind);
    if (failure) return { failure, played: index + 1, seen };
    if ((index + 1) % PER_TURN !== 0) continue;
    tell(index + 1);
    await nextTurn();
  }
  return { failure: null, played: histories, seen };
}
