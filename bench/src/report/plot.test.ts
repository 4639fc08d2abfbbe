import { expect, test } from 'vitest';
import { type Chart, writeChart } from './plot.ts';

const chart: Chart = {
  title: 'Sales & refusals',
  subtitle: 'a < b',
  label: 'bookings offered per second',
  ticks: [
    { x: 100, label: '1 ×' },
    { x: 1000, label: '10 ×' },
  ],
  panels: [
    {
      label: 'per second',
      scale: 'linear',
      series: [
        {
          name: 'sold',
          colour: 'green',
          points: [
            { x: 100, y: 0 },
            { x: 1000, y: 1000 },
          ],
        },
      ],
    },
    {
      label: 'ms',
      scale: 'log',
      series: [
        {
          name: 'p99',
          colour: 'red',
          dashed: true,
          points: [
            { x: 100, y: 10 },
            { x: 1000, y: null },
          ],
        },
      ],
    },
  ],
};

const placesIn = (svg: string) =>
  [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);

test('points stand where their values are: more is further up, the first and the last mark at the ends', () => {
  const [lowest, highest, tenth] = placesIn(writeChart(chart));
  expect(lowest).toEqual([84, 74 + 270]);
  expect(highest).toEqual([860 - 200, 74]);
  expect(tenth?.[0]).toBe(84);
});

test('what has no value is left out, and every name and mark is there, fit for XML', () => {
  const svg = writeChart(chart);
  expect(placesIn(svg)).toHaveLength(3);
  for (const said of ['Sales &amp; refusals', 'a &lt; b', '>1 ×<', '>10 ×<', '>sold<', '>p99<', '>1,000<']) {
    expect(svg).toContain(said);
  }
});

test('a chart of nothing is refused', () => {
  expect(() => writeChart({ ...chart, ticks: [] })).toThrow(RangeError);
});
