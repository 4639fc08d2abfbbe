import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenLoopReport } from '../load/open-loop.ts';
import { findSustainable, isBorne } from '../load/sustainable.ts';
import { formatCount, formatMs, formatRate } from '../report/figures.ts';
import type { Stage } from '../scenario.ts';
import { makeBuyers } from './buyers.ts';
import { createConfirmations } from './confirmations.ts';
import { startGenerator } from './generator.ts';
import { createLedger } from './ledger.ts';
import type { Server } from './server.ts';
import { openStandingShow } from './show.ts';

/** A load that was offered, and what came of it. */
export interface Offer extends OpenLoopReport {
  name: string;
  perSecond: number;
  seconds: number;
}

/** A hot show, and buyers who arrive whether it bears them or not. */
export interface Rush {
  /** The most that it bears, in bookings per second. */
  findSustainable: () => Promise<number>;
  /** Offers a load. @param calm whether to wait afterwards until the server is done with what came of it */
  offer: (name: string, perSecond: number, seconds: number, calm?: boolean) => Promise<Offer>;
  failures: string[];
  audit: () => Promise<string[]>;
}

const MAX_CONNECTIONS = 2000;
/** So that a run with few connections stays small. */
const CONNECTIONS_TIMES = 32;
const PRICE_CENTS = 4500;
const FIRST_RATE = 250;
/** Nothing is judged while V8 makes the server fast. */
const WARM_RATE = 500;
const WARM_UPS = 5;
const MAX_HALVINGS = 3;
const PROBES_PER_SIDE = 3;
const SHORTEST_PROBE_SECONDS = 0.5;

export async function openRush(stage: Stage, server: Server): Promise<Rush> {
  const { connections, rounds, seconds: plenty } = stage.plan;
  const show = await openStandingShow(server.admin, 'a rush', PRICE_CENTS);
  const maxConnections = Math.min(MAX_CONNECTIONS, connections * CONNECTIONS_TIMES);
  const tokens = await makeBuyers(server.db, maxConnections * 2);
  const { calm: rest } = createConfirmations(stage, server.db);
  const generate = startGenerator(stage);
  const ledger = createLedger(show);
  const { hostname: host, port } = new URL(server.url);
  const failures: string[] = [];
  let seed = 0;

  async function offer(name: string, perSecond: number, seconds: number, calm = true): Promise<Offer> {
    seed += 1;
    stage.progress.show(`${name}: ${formatRate(perSecond, 'bookings')} for ${seconds} s`);
    const order = { host, port: Number(port), show, tokens, perSecond, seconds, seed, maxConnections };
    const { bookings, ...report } = await generate(order);
    ledger.addIds(bookings);
    failures.push(...report.failures.map((failure) => `${name}: ${failure}`));
    if (report.failures.length > 0 && report.done === 0) throw new Error(`${name}: ${report.failures[0]}`);
    const p99 = report.latency === null ? '' : `, p99 ${formatMs(report.latency.p99)}`;
    const refused = Object.values(report.refused).reduce((sum, times) => sum + times, 0);
    stage.progress.line(
      `${name}: of ${formatRate(perSecond, 'bookings')} sold ${formatRate(report.doneInTime / seconds, 'bookings')}${p99}, refused ${formatCount(refused)}, not sent ${formatCount(report.unsent)}`,
    );
    if (calm) await rest();
    return { ...report, name, perSecond, seconds };
  }

  return {
    async findSustainable() {
      const { mostPerSecond, warmUpSeconds } = stage.plan;
      await offer('warm-up', Math.min(WARM_RATE, mostPerSecond), warmUpSeconds * WARM_UPS);
      const probe = Math.max(SHORTEST_PROBE_SECONDS, plenty / PROBES_PER_SIDE);
      const isBorneAt = async (rate: number) => isBorne(await offer('what it bears', rate, probe));
      return await findSustainable(isBorneAt, {
        from: FIRST_RATE,
        most: mostPerSecond,
        halvings: Math.min(MAX_HALVINGS, rounds),
      });
    },
    offer,
    failures,
    async audit() {
      stage.progress.show('Check the invariants');
      return await ledger.audit(server.db);
    },
  };
}

/** Looks at the memory of a server again and again. @returns how to end that, which answers what was seen, in bytes, in order */
export function watchMemory({ rssBytes }: Server): () => Promise<number[]> {
  const ending = new AbortController();
  const seen: number[] = [];
  const watch = async () => {
    while (!ending.signal.aborted) {
      seen.push(await rssBytes());
      await sleep(LOOK_AGAIN_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  const watched = watch();
  // It fails when the server is gone, which whoever asks for what was seen is told.
  watched.catch(() => undefined);
  return async () => {
    ending.abort();
    await watched;
    return seen;
  };
}

const LOOK_AGAIN_MS = 250;
