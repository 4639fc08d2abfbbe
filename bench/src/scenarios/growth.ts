/**
 * P5: does it stay fast? Booking (P1), browsing (P4) and searching on a database with a million events and a million
 * bookings, each against the same on a small one. Two servers, each on its embedded Postgres, take turns; the one whose
 * turn it is not idles. Both are loaded by the same statements, vacuumed and analysed, and answer alike: the front page
 * holds the same events, and a name finds as many. A search for a word that every twentieth event has finds 100 events in
 * the small database and 50,000 in the large one, of which a page is answered. No two searches are typed in the same way,
 * so what is measured is looking for an answer; pages of the catalogue may be remembered, as in P4.
 */
import { takeTurns } from '../load/compare.ts';
import { pairedRatio } from '../load/ratio.ts';
import { formatCount, formatMs, formatRate } from '../report/figures.ts';
import type { Finding, Scenario, Stage } from '../scenario.ts';
import { openBrowsing } from '../stage/browsing.ts';
import { grow, type Size, searches } from '../stage/growth.ts';
import { openSales } from '../stage/sales.ts';
import { startServer } from '../stage/server.ts';

const SMALL_EVENTS = 2000;

export const growth: Scenario = {
  name: 'P5',
  title: 'a large database against a small one',
  async run(stage) {
    const { grown } = stage.plan;
    const events = Math.min(SMALL_EVENTS, grown.events / 5);
    const small = await openTown(stage, 'small', { events, bookings: (events * grown.bookings) / grown.events });
    const large = await openTown(stage, 'large', grown);
    const pairs = small.sides.map((side, i) => [side, large.sides[i]!] as const);
    const { reports, failures } = await takeTurns(stage, ...pairs.flat());
    const findings: Finding[] = [];
    let slowest = 0;
    for (let i = 0; i < reports.length; i += 2) {
      const [before, after] = [reports[i]!, reports[i + 1]!];
      slowest = Math.max(slowest, after.latency?.p99 ?? 0);
      findings.push({
        what: `${this.title}: ${after.name}`,
        measured: formatRate(after.rate, after.unit),
        against: formatRate(before.rate, before.unit),
        value: pairedRatio(after.rates, before.rates).ratio,
        target: { must: 0.9, wanted: 0.95, better: 'more', unit: '×' },
      });
    }
    findings.push({
      what: `${this.title}: the slowest p99 of these`,
      measured: formatMs(slowest),
      against: `${stage.plan.connections} connections`,
      value: slowest,
      target: { must: 100, wanted: 50, better: 'less', unit: 'ms' },
    });
    return {
      findings,
      sides: reports,
      notes: [
        `The large database holds ${formatCount(grown.events)} events and ${formatCount(grown.bookings)} bookings, loaded in ${formatCount(large.seconds)} s, the small one ${formatCount(events)}; both were vacuumed and analysed then, as autovacuum does to what grows over years.`,
      ],
      failures: [...failures, ...(await small.audit()), ...(await large.audit())],
    };
  },
};

async function openTown(stage: Stage, folder: string, size: Size) {
  const server = await startServer(stage, { folder });
  const browsing = await openBrowsing(stage, server, `, ${folder}`);
  const seconds = await grow(stage, server, size);
  const sales = await openSales(stage, server);
  const booking = await sales.bookFree(`booked in one call, ${folder}`);
  const { byName, byGenre } = searches(size);
  return {
    seconds,
    sides: [
      ...[booking, ...Object.values(browsing.sides)],
      ...[browsing.read('search for a name', byName), browsing.read('search for a common word', byGenre)],
    ],
    audit: async () => [...(await sales.audit()), ...(await browsing.audit())],
  };
}
