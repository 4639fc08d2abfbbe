import { createMulberry } from '@evently/api/mulberry';

/**
 * When people arrive who know nothing of each other: gaps that are distributed exponentially, the same ones for the same
 * seed.
 *
 * @param perSecond how many arrive on average
 * @returns the time of the next arrival, in milliseconds since the beginning; each call is one later
 */
export function createArrivals(perSecond: number, seed: number): () => number {
  if (!(perSecond > 0)) throw new RangeError(`nobody arrives at ${perSecond} a second`);
  const random = createMulberry(seed);
  const meanGapMs = 1000 / perSecond;
  let at = 0;
  return () => {
    at -= Math.log(1 - random()) * meanGapMs;
    return at;
  };
}
