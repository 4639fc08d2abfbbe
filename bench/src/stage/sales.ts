import { randomUUID } from 'node:crypto';
import type { Answer } from '../load/answer.ts';
import { createClient } from '../load/client.ts';
import type { Outcome } from '../load/closed-loop.ts';
import type { Side } from '../load/compare.ts';
import type { Stage } from '../scenario.ts';
import { signInBuyers } from './buyers.ts';
import { createConfirmations } from './confirmations.ts';
import { createLedger, type Ledger } from './ledger.ts';
import type { Server } from './server.ts';
import { type OpenShow, openStandingShow } from './show.ts';

/** Buyers at a server, and the shows that they buy into. */
export interface Sales {
  /** Free places of a new show, booked in one call. */
  bookFree: (name: string) => Promise<Side>;
  /** Places of a new show, held and then paid for. @param price in cents */
  holdAndPay: (name: string, price: number) => Promise<Side>;
  /** A side that sells in a way of its own. */
  sideOf: (name: string, attempt: (buyer: Buyer) => Promise<Outcome>) => Side;
  /** The ledger of a show that is audited with the others. @param places of each booking */
  keepLedger: (show: OpenShow, places?: number) => Ledger;
  /** Waits until the server is done with what its bookings set going, and drops what it has not begun. */
  calm: () => Promise<void>;
  /** What the database has to say about all that was sold. */
  audit: () => Promise<string[]>;
  notes: () => string[];
}

/** Somebody on a connection, signed in. */
export interface Buyer {
  connection: number;
  call: (procedure: string, input: object) => Promise<Answer>;
}

const PAYMENT = { provider: 'sandbox', token: 'pm_ok' };

/** @param others servers of the same database, among which the connections are divided with the first */
export async function openSales(stage: Stage, server: Server, others: readonly Server[] = []): Promise<Sales> {
  const servers = [server, ...others];
  const nextBuyer = await signInBuyers(stage, server.db);
  const clients = servers.map(({ url }) => createClient(url, stage.plan.connections));
  for (const client of clients) stage.opened.defer(() => client.close());
  const confirmations = createConfirmations(stage, server.db);
  const ledgers: Ledger[] = [];

  const cpuMs = async () => {
    const used = await Promise.all(servers.map((each) => each.cpuMs()));
    return used.reduce((sum, ms) => sum + ms, 0);
  };

  const sideOf: Sales['sideOf'] = (name, attempt) => {
    const step: Side['step'] = (connection) => {
      const token = nextBuyer(connection);
      const client = clients[connection % clients.length]!;
      return attempt({ connection, call: (procedure, input) => client.call(procedure, input, token) });
    };
    return { name, unit: 'bookings', step, cpuMs, calm: confirmations.calm };
  };

  const keepLedger: Sales['keepLedger'] = (show, places) => {
    const ledger = createLedger(show, places);
    ledgers.push(ledger);
    return ledger;
  };

  return {
    async bookFree(name) {
      const show = await openStandingShow(server.admin, name, 0);
      const ledger = keepLedger(show);
      return sideOf(name, async ({ call }) => confirmIn(ledger, await call('bookings.book', wishFor(show))));
    },
    async holdAndPay(name, price) {
      const show = await openStandingShow(server.admin, name, price);
      const ledger = keepLedger(show);
      return sideOf(name, async ({ call }) => {
        const held = await call('bookings.hold', wishFor(show));
        if ('refused' in held) return held;
        const payment = { bookingId: ledger.heldId(held.output), payment: PAYMENT };
        return confirmIn(ledger, await call('bookings.confirm', payment));
      });
    },
    sideOf,
    keepLedger,
    calm: confirmations.calm,
    async audit() {
      stage.progress.show('Check the invariants');
      const found = await Promise.all(ledgers.map((ledger) => ledger.audit(server.db)));
      return found.flat();
    },
    notes() {
      const sold = ledgers.reduce((sum, ledger) => sum + ledger.count(), 0);
      return [
        `Of ${sold.toLocaleString('en')} bookings, ${confirmations.dropped().toLocaleString('en')} had not been confirmed by mail when their phase ended; they were dropped, so that the next phase began calm.`,
      ];
    },
  };
}

/** One place of a standing show, under a key of its own. */
export const wishFor = ({ showId, sectionId }: OpenShow) => ({
  showId,
  sections: [{ sectionId, quantity: 1 }],
  idempotencyKey: randomUUID(),
});

/** Takes down what was sold. @throws Error when it is not what was asked for */
export function confirmIn(ledger: Ledger, answer: Answer): Outcome {
  if ('refused' in answer) return answer;
  ledger.confirm(answer.output);
  return 'done';
}
