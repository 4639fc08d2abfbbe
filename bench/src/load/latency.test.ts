import { expect, test } from 'vitest';
import { createLatencies } from './latency.ts';

test('percentiles are in milliseconds, three digits exact', () => {
  const latencies = createLatencies();
  for (let ms = 1; ms <= 1000; ms += 1) latencies.record(ms);
  const { p50, p90, p99, p999, max } = latencies.percentiles() ?? expect.fail('nothing was recorded');
  for (const [found, exact] of [
    [p50, 500],
    [p90, 900],
    [p99, 990],
    [p999, 999],
    [max, 1000],
  ] as const) {
    expect(Math.abs(found / exact - 1)).toBeLessThan(0.002);
  }
});

test('fractions of a millisecond are kept, and what takes longer than a minute counts as one', () => {
  const latencies = createLatencies();
  latencies.record(0.25);
  expect(latencies.percentiles()?.p50).toBe(0.25);
  latencies.record(3_600_000);
  expect(latencies.percentiles()?.max).toBeCloseTo(60_000, -2);
});

test('rounds add up to one distribution, and nothing has no percentiles', () => {
  const all = createLatencies();
  expect(all.percentiles()).toBeNull();
  for (const ms of [0.25, 0.5]) {
    const round = createLatencies();
    for (let i = 0; i < 10; i += 1) round.record(ms);
    all.add(round);
  }
  expect(all.percentiles()).toMatchObject({ p50: 0.25, p90: 0.5 });
});
