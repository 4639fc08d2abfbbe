import { build, type Histogram } from 'hdr-histogram-js';

/** Milliseconds. */
export interface Percentiles {
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  max: number;
}

export interface Latencies {
  /** @param ms may be a fraction */
  record: (ms: number) => void;
  /** Adds what others recorded. */
  add: (others: Latencies) => void;
  /** Null when nothing was recorded. */
  percentiles: () => Percentiles | null;
  readonly histogram: Histogram;
}

const MICROSECONDS = 1000;
/** A minute; slower answers are counted as that. */
const SLOWEST = 60_000 * MICROSECONDS;

/** Latencies at a microsecond's resolution and three significant digits. */
export function createLatencies(): Latencies {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: SLOWEST,
    numberOfSignificantValueDigits: 3,
  });
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / MICROSECONDS;
  return {
    histogram,
    record: (ms) => histogram.recordValue(Math.min(SLOWEST, Math.max(1, Math.round(ms * MICROSECONDS)))),
    add: (others) => histogram.add(others.histogram),
    percentiles: () =>
      histogram.totalCount === 0 ? null : { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: at(100) },
  };
}
