/** How long calls took, in milliseconds. */
export interface Percentiles {
  count: number;
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

/** By nearest rank, so that each figure is one that was measured. Null when nothing was. */
export function percentilesOf(values: readonly number[]): Percentiles | null {
  const sorted = Float64Array.from(values).sort();
  const at = (part: number) => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
  const [p50, p90, p99, max] = [at(0.5), at(0.9), at(0.99), at(1)];
  if (p50 === undefined || p90 === undefined || p99 === undefined || max === undefined) return null;
  return { count: sorted.length, p50, p90, p99, max };
}
