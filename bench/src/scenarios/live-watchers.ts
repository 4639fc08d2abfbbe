/**
 * P6: ten thousand people watch one show while it is sold: how long it takes until all of them have seen a change, from the
 * moment at which a buyer sent their request, so it holds the booking and the time in which changes are gathered; and what a
 * watcher costs the server in memory. Buyers come on a schedule and book a seat each. Those who watch are a process of their
 * own, which reads every byte and shares the processors with the server: at ten events a second it takes more of them than
 * the server does.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createArrivals } from '../load/arrivals.ts';
import { createClient } from '../load/client.ts';
import { createLatencies } from '../load/latency.ts';
import type { CrowdReport } from '../load/watchers-process.ts';
import { formatCount, formatDigits, formatMs } from '../report/figures.ts';
import type { Scenario, Stage } from '../scenario.ts';
import { signInBuyers } from '../stage/buyers.ts';
import { openCrowd } from '../stage/crowd.ts';
import { createLedger, type Ledger } from '../stage/ledger.ts';
import { type Server, startServer } from '../stage/server.ts';
import { buildHall, type OpenShow, openShow, seatedSections } from '../stage/show.ts';

const WATCHERS = 10_000;
/** So that a run with few connections stays small. */
const WATCHERS_PER_CONNECTION = 160;
const SEATS = 2000;
const SEATS_PER_ROW = 50;
const BUYERS_PER_SECOND = 50;
const SEED = 6;
/** What has been sent has been seen by then, or not at all. */
const LAST_LOOK_MS = 3000;
const SETTLE_MS = 1000;
const KIB = 1024;

export const liveWatchers: Scenario = {
  name: 'P6',
  title: 'live watchers of one show while it is sold',
  async run(stage) {
    const watchers = Math.min(WATCHERS, stage.plan.connections * WATCHERS_PER_CONNECTION);
    // And one who was there before them.
    const most = String(watchers + 1);
    const env = { MAX_WATCHERS: most, MAX_WATCHERS_PER_ADDRESS: most };
    const server = await startServer(stage, { env });
    const hall = await buildHall(server.admin, 'the watched', seatedSections(SEATS, SEATS_PER_ROW));
    const show = await openShow(server.admin, hall, 'a watched show', 0);
    const ledger = createLedger(show);
    // What is made when somebody watches for the first time is not the watchers'.
    await (await openCrowd(stage, server, { showId: show.showId, watchers: 1 }))();
    await sleep(SETTLE_MS);
    const before = await server.rssBytes();
    stage.progress.show(`Let ${formatCount(watchers)} people watch`);
    const collect = await openCrowd(stage, server, { showId: show.showId, watchers });
    await sleep(SETTLE_MS);
    const each = ((await server.rssBytes()) - before) / watchers / KIB;
    const sentAt = await sell(stage, server, show, ledger);
    await sleep(LAST_LOOK_MS);
    const report = await collect();
    const { latencies, failures } = measure(report, sentAt, watchers);
    const p99 = latencies.percentiles()?.p99 ?? Number.NaN;
    const p50 = latencies.percentiles()?.p50 ?? Number.NaN;
    return {
      findings: [
        {
          what: `${formatCount(watchers)} ${this.title}: a change seen by all, p99`,
          measured: formatMs(p99),
          against: `${formatCount(sentAt.size)} bookings, from the request on; p50 ${formatMs(p50)}`,
          value: p99,
          target: { must: 1000, wanted: 200, better: 'less', unit: 'ms' },
        },
        {
          what: `${formatCount(watchers)} ${this.title}: memory of each`,
          measured: `${formatDigits(each)} KiB`,
          against: 'what the server grew by when they came',
          value: each,
          target: { must: 30, wanted: 15, better: 'less', unit: 'KiB' },
        },
      ],
      sides: [],
      notes: [
        `${formatCount(sentAt.size)} bookings, ${BUYERS_PER_SECOND} a second, came as ${formatCount(report.sightings.length)} events to each watcher.`,
      ],
      failures: [...failures, ...(await ledger.audit(server.db))],
    };
  },
};

/** Sells one seat after the other. @returns when each was asked for, by its place among the states */
async function sell(stage: Stage, server: Server, show: OpenShow, ledger: Ledger): Promise<Map<number, number>> {
  const { seconds, connections } = stage.plan;
  const seatIds = await listSeats(server, show);
  const nextBuyer = await signInBuyers(stage, server.db);
  const client = createClient(server.url, connections);
  stage.opened.defer(() => client.close());
  const nextArrival = createArrivals(BUYERS_PER_SECOND, SEED);
  const sentAt = new Map<number, number>();
  const bookings: Promise<void>[] = [];
  const began = performance.now();
  stage.progress.show(`Sell ${BUYERS_PER_SECOND} seats a second`);
  for (let at = nextArrival(), seat = 0; at < seconds * 1000 && seat < seatIds.length; at = nextArrival(), seat += 1) {
    await sleep(Math.max(0, began + at - performance.now()), undefined, { signal: stage.signal });
    sentAt.set(seat, performance.timeOrigin + performance.now());
    const wish = { showId: show.showId, seatIds: [seatIds[seat]!], idempotencyKey: randomUUID() };
    bookings.push(
      client.call('bookings.book', wish, nextBuyer(seat % connections)).then((answer) => {
        if ('refused' in answer) throw new Error(`a free seat was refused with ${answer.refused}`);
        ledger.confirm(answer.output);
      }),
    );
  }
  await Promise.all(bookings);
  return sentAt;
}

async function listSeats({ admin }: Server, { showId }: OpenShow): Promise<string[]> {
  const { sections } = await admin.events.seatLayout({ showId });
  return sections.flatMap(({ rows }) => rows.flatMap(({ seats }) => seats.map(({ seatId }) => seatId)));
}

function measure({ sightings, lost }: CrowdReport, sentAt: ReadonlyMap<number, number>, watchers: number) {
  const latencies = createLatencies();
  const failures: string[] = [];
  if (lost > 0) failures.push(`${lost} watchers lost their connection`);
  const unseen = new Set(sentAt.keys());
  for (const { version, seen, lastAt, seats } of sightings) {
    if (seen !== watchers) failures.push(`${seen} of ${watchers} watchers saw version ${version}`);
    for (const seat of seats) {
      unseen.delete(seat);
      latencies.record(lastAt - (sentAt.get(seat) ?? Number.NaN));
    }
  }
  if (unseen.size > 0) failures.push(`${unseen.size} of ${sentAt.size} bookings were never seen`);
  return { latencies, failures: failures.slice(0, MAX_FAILURES) };
}

const MAX_FAILURES = 20;
