/** The middle one; of an even number, the mean of the middle two. @throws RangeError for none */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('nothing has no median');
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)]!;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]!;
  return (lower + upper) / 2;
}

/**
 * How much faster one side is than another that took turns with it: the ratio of each round, for a machine that slows
 * down slows both sides of a round, and the median of them, which one bad round does not move.
 *
 * @throws RangeError when there are not as many rounds of each, or the other side did nothing in one
 */
export function pairedRatio(ours: readonly number[], others: readonly number[]): { ratio: number; ratios: number[] } {
  if (ours.length !== others.length) {
    throw new RangeError(`${ours.length} rounds do not pair with ${others.length}`);
  }
  const ratios = ours.map((rate, round) => {
    const other = others[round]!;
    if (!(other > 0)) throw new RangeError(`the other side did nothing in round ${round + 1}`);
    return rate / other;
  });
  return { ratio: median(ratios), ratios };
}
