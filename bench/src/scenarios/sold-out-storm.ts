/**
 * P3: ten thousand people want a hundred places. They come over four times as many connections as others, and whoever is
 * told that nothing is left comes back with a new key, so that what is measured is the storm after the last place has gone.
 * Its rate of answers stands against the empty mutation's (P0), in turn on the same server. Then each of them tries once
 * for another show of a hundred places. Exactly a hundred are sold of each; every other answer is a typed refusal.
 */
import { takeTurns } from '../load/compare.ts';
import { pairedRatio } from '../load/ratio.ts';
import { formatMs, formatRate } from '../report/figures.ts';
import type { Scenario } from '../scenario.ts';
import { callNothing, EMPTY_MUTATION } from '../stage/nothing.ts';
import { startServer } from '../stage/server.ts';
import { openStorm } from '../stage/storm.ts';

const BUYERS = 10_000;
const PLACES = 100;
const CONNECTIONS_TIMES = 4;
/** At most so many of them to a connection, so that a run with few connections does not take for ever. */
const BUYERS_PER_CONNECTION = 40;

export const soldOutStorm: Scenario = {
  name: 'P3',
  title: 'sold-out storm, 10,000 buyers for 100 places',
  async run(stage) {
    const server = await startServer(stage, { preloads: [EMPTY_MUTATION] });
    const nothing = await callNothing(stage, server);
    const connections = stage.plan.connections * CONNECTIONS_TIMES;
    const buyers = Math.min(BUYERS, connections * BUYERS_PER_CONNECTION);
    const storm = await openStorm(stage, server, { buyers, places: PLACES, connections });
    const { reports, failures } = await takeTurns(stage, nothing, await storm.keepComing());
    const [empty, late] = reports;
    const once = await storm.tryOnce();
    const p99 = late.latency?.p99 ?? Number.NaN;
    return {
      findings: [
        {
          what: this.title,
          measured: formatRate(late.rate, late.unit),
          against: `${formatRate(empty.rate, empty.unit)}: ${empty.name} (P0)`,
          value: pairedRatio(late.rates, empty.rates).ratio,
          target: { must: 0.5, wanted: 0.8, better: 'more', unit: '×' },
        },
        {
          what: 'the same storm, p99',
          measured: formatMs(p99),
          against: `${connections} connections`,
          value: p99,
          target: { must: 150, wanted: 100, better: 'less', unit: 'ms' },
        },
      ],
      sides: [late, empty, once.report],
      notes: [],
      failures: [...failures, ...once.failures, ...(await storm.audit())],
    };
  },
};
