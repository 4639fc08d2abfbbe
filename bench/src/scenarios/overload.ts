/**
 * P9: ten times what it bears. Buyers of a hot show arrive at random, on a seeded schedule that waits for nobody, over up
 * to 2,000 connections, sent by a process of its own. Each holds a place and then pays for it; who is refused a place goes
 * away, and who has one and is told to pay later does so, after as long as they were told. First the highest load is found of which at least 99 % are sold with
 * a p99 of at most 150 ms; then half of it is offered, as much, twice, four times and ten times as much, the last for six
 * times as long; and then at once as much as it bears again, to see how long it takes until all is well.
 *
 * Goodput is what was sold before the time was over. The latency of sales counts from the time at which a buyer arrived by
 * schedule. The latency of refusals counts from the moment when the request was sent to the answer, so it holds what the
 * machine takes to wake the generator, but not how far the generator was behind its schedule: on a machine with few
 * processors generator, server and Postgres fight for them at ten times the load, and the notes say how it fared. Whoever
 * arrives while all connections wait, or while the generator is more than a second behind, was not sent, and is counted.
 * Recovered is who serves 95 % of each half second's buyers within 150 ms, three times in a row.
 */
import type { SideReport } from '../load/compare.ts';
import { WINDOW_MS } from '../load/open-loop.ts';
import { median } from '../load/ratio.ts';
import { windowsToRecover } from '../load/sustainable.ts';
import { formatCount, formatDigits, formatMs, formatRate } from '../report/figures.ts';
import { drawOverload } from '../report/overload-plot.ts';
import type { Finding, Scenario } from '../scenario.ts';
import { type Offer, openRush, watchMemory } from '../stage/overload.ts';
import { startServer } from '../stage/server.ts';

const STEPS = [0.5, 1, 2, 4];
const UTMOST = 10;
const UTMOST_TIMES_AS_LONG = 6;
/** Three good windows in a row must fit. */
const SHORTEST_RECOVERY_SECONDS = 3;
const MEBIBYTE = 2 ** 20;

export const overload: Scenario = {
  name: 'P9',
  title: 'ten times the sustainable load',
  async run(stage) {
    const { seconds } = stage.plan;
    const server = await startServer(stage);
    const rush = await openRush(stage, server);
    const borne = await rush.findSustainable();
    const offers: Offer[] = [];
    for (const times of STEPS) offers.push(await rush.offer(`${times} ×`, borne * times, seconds));
    const seeMemory = watchMemory(server);
    const utmost = await rush.offer(`${UTMOST} ×`, borne * UTMOST, seconds * UTMOST_TIMES_AS_LONG, false);
    const memory = (await seeMemory()).map((bytes) => bytes / MEBIBYTE);
    offers.push(utmost);
    const after = await rush.offer('1 × again', borne, Math.max(seconds, SHORTEST_RECOVERY_SECONDS));
    return {
      findings: [...findGoodput(offers, utmost), ...findCalm(utmost, after, memory)],
      sides: [...offers, after].map(sideOf),
      notes: [
        `The server bears ${formatRate(borne, 'bookings')}: at least 99 % sold, p99 at most 150 ms.`,
        `At ${UTMOST} × ${formatCount(utmost.unsent)} of ${formatCount(utmost.arrived)} buyers were not sent, for want of one of ${formatCount(utmost.connections)} connections or of a processor for the generator, which sent with a p99 of ${formatMs(utmost.lateness?.p99 ?? 0)} behind its schedule; refusals came with a p99 of ${formatMs(utmost.refusalLatencyFromArrival?.p99 ?? 0)} from the scheduled arrival.`,
        `The server's memory at ${UTMOST} ×: ${formatDigits(memory[0] ?? 0)} MiB at first, ${formatDigits(Math.max(...memory))} MiB at most, ${formatDigits(memory.at(-1) ?? 0)} MiB at last.`,
      ],
      failures: [...rush.failures, ...(await rush.audit())],
      plots: [
        {
          file: 'overload.svg',
          title: 'Throughput and latency over the load offered',
          svg: drawOverload(borne, offers),
        },
      ],
    };
  },
};

const goodputOf = ({ doneInTime, seconds }: Offer) => doneInTime / seconds;

function findGoodput(offers: readonly Offer[], utmost: Offer): Finding[] {
  const peak = Math.max(...offers.map(goodputOf));
  return [
    {
      what: `${overload.title}: goodput`,
      measured: formatRate(goodputOf(utmost), 'bookings'),
      against: `${formatRate(peak, 'bookings')}: the peak`,
      value: goodputOf(utmost) / peak,
      target: { must: 0.9, wanted: 0.95, better: 'more', unit: '×' },
    },
  ];
}

function findCalm(utmost: Offer, after: Offer, memory: readonly number[]): Finding[] {
  // Who refuses nobody lets them wait instead.
  const p99 = (utmost.refusalLatency ?? utmost.latency)?.p99 ?? Number.NaN;
  const third = Math.max(1, Math.floor(memory.length / 3));
  const growth = Math.max(0, median(memory.slice(-third)) - median(memory.slice(0, third)));
  const windows = windowsToRecover(after.windows) ?? after.windows.length;
  const recovery = (windows * WINDOW_MS) / 1000;
  return [
    {
      what: `${overload.title}: refusals, p99 from sending`,
      measured: formatMs(p99),
      against: utmost.refusalLatency
        ? `${formatCount(refusalsOf(utmost))} refusals`
        : 'nobody was refused: this is how long buyers waited',
      value: p99,
      target: { must: 50, wanted: 25, better: 'less', unit: 'ms' },
    },
    {
      what: `${overload.title}: growth of the server's memory`,
      measured: `${formatDigits(growth)} MiB`,
      against: 'the median of its last third against its first',
      value: growth,
      target: { must: 100, wanted: 50, better: 'less', unit: 'MiB' },
    },
    {
      what: `${overload.title}: recovery`,
      measured: `${formatDigits(recovery)} s`,
      against: 'at the sustainable load again',
      value: recovery,
      target: { must: 5, wanted: 1, better: 'less', unit: 's' },
    },
  ];
}

const refusalsOf = ({ refused }: Offer) => Object.values(refused).reduce((sum, times) => sum + times, 0);

function sideOf(offer: Offer): SideReport {
  const rate = goodputOf(offer);
  const { latency, refused, unsent, connections } = offer;
  return {
    name: `${offer.name}, ${formatRate(offer.perSecond, 'bookings')} offered`,
    ...{ unit: 'bookings', connections, rate, rates: [rate], latency, medians: [], cpuMs: null },
    refused: unsent > 0 ? { ...refused, 'not sent': unsent } : refused,
  };
}
