import { createClient } from '../load/client.ts';
import type { Outcome } from '../load/closed-loop.ts';
import type { Side, SideReport } from '../load/compare.ts';
import { runEachOnce } from '../load/each-once.ts';
import type { Stage } from '../scenario.ts';
import { makeBuyers } from './buyers.ts';
import { createConfirmations } from './confirmations.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { confirmIn, wishFor } from './sales.ts';
import type { Server } from './server.ts';
import { type OpenShow, openStandingShow } from './show.ts';

/** Far more buyers than places. */
export interface Storm {
  /** They keep coming back for a show that has long been sold out; what is counted are answers. */
  keepComing: () => Promise<Side>;
  /** Each of them tries once for another show. */
  tryOnce: () => Promise<{ report: SideReport; failures: string[] }>;
  /** What is wrong: anything but every place sold once, and what the database has to say. */
  audit: () => Promise<string[]>;
}

export interface StormSettings {
  buyers: number;
  places: number;
  connections: number;
  /** Servers of the same database, among which the connections are divided with the first. */
  others?: readonly Server[];
}

/** What a buyer may be told who comes too late: nothing is left; or that the server is full. */
const REFUSALS: ReadonlySet<string> = new Set(['sold_out', 'overloaded', 'too_many_requests']);

export async function openStorm(stage: Stage, server: Server, settings: StormSettings): Promise<Storm> {
  const { places, connections, others = [] } = settings;
  stage.progress.show(`Sign ${settings.buyers.toLocaleString('en')} buyers in`);
  const tokens = await makeBuyers(server.db, settings.buyers);
  const clients = [server, ...others].map(({ url }) => createClient(url, connections));
  for (const client of clients) stage.opened.defer(() => client.close());
  const { calm } = createConfirmations(stage, server.db);
  const shows: { name: string; ledger: Ledger }[] = [];
  let turn = 0;

  async function openFor(name: string): Promise<{ show: OpenShow; ledger: Ledger }> {
    const show = await openStandingShow(server.admin, name, 0, places);
    const ledger = createLedger(show);
    shows.push({ name, ledger });
    return { show, ledger };
  }

  async function attempt({ show, ledger }: { show: OpenShow; ledger: Ledger }): Promise<Outcome> {
    turn += 1;
    const answer = await clients[turn % clients.length]!.call(
      'bookings.book',
      wishFor(show),
      tokens[turn % tokens.length]!,
    );
    if ('refused' in answer && !REFUSALS.has(answer.refused)) throw new Error(`a storm was told ${answer.refused}`);
    return confirmIn(ledger, answer);
  }

  return {
    async keepComing() {
      const name = 'buyers of a show that is sold out';
      const hot = await openFor(name);
      const step: Side['step'] = async () => {
        const outcome = await attempt(hot);
        return outcome === 'done' || outcome.refused === 'sold_out' ? 'done' : outcome;
      };
      return { name, unit: 'answers', connections, step, cpuMs: server.cpuMs, calm };
    },
    async tryOnce() {
      const name = `${settings.buyers.toLocaleString('en')} buyers, ${places} places, once each`;
      stage.progress.show(name);
      const fresh = await openFor(name);
      const { signal } = stage;
      const phase = await runEachOnce(() => attempt(fresh), { attempts: tokens.length, connections, signal });
      const rate = phase.attempts / phase.seconds;
      const { refused, failures } = phase;
      const report: SideReport = {
        ...{ name, unit: 'answers', connections, rate, rates: [rate], refused },
        ...{ latency: phase.latencies.percentiles(), medians: [], cpuMs: null },
      };
      return { report, failures: failures.map((failure) => `${name}: ${failure}`) };
    },
    async audit() {
      stage.progress.show('Check the invariants');
      const found = await Promise.all(
        shows.map(async ({ name, ledger }) => [
          ...(ledger.count() === places ? [] : [`${name}: ${ledger.count()} of ${places} places were sold`]),
          ...(await ledger.audit(server.db)),
        ]),
      );
      return found.flat();
    },
  };
}
