import { expect, test } from 'vitest';
import type { Target } from '../scenario.ts';
import { type Results, verdictOf, writeMarkdown, writeTable } from './table.ts';

const more: Target = { must: 3.5, wanted: 6, better: 'more', unit: '×' };
const less: Target = { must: 150, wanted: 100, better: 'less', unit: 'ms' };

test.each([
  [6, more, 'wanted'],
  [5.99, more, 'must'],
  [3.5, more, 'must'],
  [3.49, more, 'missed'],
  [100, less, 'wanted'],
  [101, less, 'must'],
  [150, less, 'must'],
  [151, less, 'missed'],
] as const)('%s is, against %o, %s', (value, target, verdict) => {
  expect(verdictOf(value, target)).toBe(verdict);
});

test('columns line up, also under characters that take more than one unit', () => {
  expect(writeTable(['a', 'ratio'], [['🎟', '1 ×'], ['b']])).toBe(
    ['| a   | ratio |', '|-----|-------|', '| 🎟   | 1 ×   |', '| b   |       |'].join('\n'),
  );
});

const results: Results = {
  machine: {
    ...{ cores: 2, processor: 'Acme', memoryGiB: 24, system: 'Linux 6', node: '26.10.0', postgres: '18.4' },
    ...{ fsyncMs: 0.5, loadBefore: 0.1 },
  },
  date: '2026-01-01T00:00:00.000Z',
  command: 'pnpm bench p1',
  scenarios: [
    {
      name: 'P1',
      findings: [
        { what: 'hot show', measured: '4,812 bookings/s', against: '1,203 bookings/s: floor', value: 4, target: more },
      ],
      sides: [
        {
          ...{ name: 'floor', unit: 'bookings', connections: 64, rate: 1203, rates: [1100, 1306] },
          latency: { p50: 40, p90: 60, p99: 120.4, p999: 1204, max: 2000 },
          medians: [38, 42],
          cpuMs: 0.375,
          refused: { overloaded: 3 },
        },
      ],
      notes: ['Mails were dropped.'],
      failures: [],
    },
  ],
};

test('the report has the figure with its goals and verdict, absolute figures, notes and the machine', () => {
  const markdown = writeMarkdown(results);
  expect(markdown).toContain(
    '| P1  | hot show | 4,812 bookings/s | 1,203 bookings/s: floor | 4.00 × | ≥ 3.50 × | ≥ 6.00 × | ✓ as it must be |',
  );
  expect(markdown).toMatch(/floor\s+\| 64 .* 1,100 … 1,306 .* 120 ms .* 1,204 ms \| 375 µs +\| 3 × overloaded/);
  expect(markdown).toContain('- P1: Mails were dropped.');
  expect(markdown).toContain('Every answer was as it must be');
  expect(markdown).toContain('2 cores (Acme), 24.0 GiB, Linux 6 · Node 26.10.0 · PostgreSQL 18.4');
});

test('a report of a failed run says so, whatever its figures are', () => {
  const scenarios = results.scenarios.map((scenario) => ({ ...scenario, failures: ['I2: section counts 3'] }));
  const markdown = writeMarkdown({ ...results, scenarios });
  expect(markdown).toContain('**The run failed:**\n\n- P1: I2: section counts 3');
  expect(markdown).not.toContain('Every answer was as it must be');
});
