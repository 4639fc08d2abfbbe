/**
 * P4: people who look around. Fifty events in a hall of 2,000 seats: the list (the front page, categories, a city), an
 * event, a show and its seat states, each over GET as the SDK sends it and without an account, each against the empty
 * mutation (P0) in turn on the same server. Nothing is sold meanwhile, so this is what reading costs at best.
 */
import { takeTurns } from '../load/compare.ts';
import { pairedRatio } from '../load/ratio.ts';
import { formatCount, formatRate } from '../report/figures.ts';
import type { Finding, Scenario } from '../scenario.ts';
import { openBrowsing, SEATS } from '../stage/browsing.ts';
import { callNothing, EMPTY_MUTATION } from '../stage/nothing.ts';
import { startServer } from '../stage/server.ts';

const KILOBYTE = 1000;

export const browse: Scenario = {
  name: 'P4',
  title: 'browse 50 events',
  async run(stage) {
    const server = await startServer(stage, { preloads: [EMPTY_MUTATION] });
    const nothing = await callNothing(stage, server);
    const { sides, statesBytes, audit } = await openBrowsing(stage, server);
    const { list, event, show, states } = sides;
    const { reports, failures } = await takeTurns(stage, nothing, list, event, show, states);
    const [empty, ...read] = reports;
    const findings = read.map(
      (side): Finding => ({
        what: `${this.title}: ${side.name}`,
        measured: formatRate(side.rate, side.unit),
        against: `${formatRate(empty.rate, empty.unit)}: ${empty.name} (P0)`,
        value: pairedRatio(side.rates, empty.rates).ratio,
        target: { must: 0.4, wanted: 0.9, better: 'more', unit: '×' },
      }),
    );
    const size: Finding = {
      what: `seat states of ${formatCount(SEATS)} seats`,
      measured: `${formatCount(statesBytes)} bytes`,
      against: 'the whole answer, uncompressed',
      value: statesBytes / KILOBYTE,
      target: { must: 4, wanted: 4, better: 'less', unit: 'KB' },
    };
    return {
      findings: [...findings, size],
      sides: [...read, empty],
      notes: [],
      failures: [...failures, ...(await audit())],
    };
  },
};
