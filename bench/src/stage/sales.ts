import { randomUUID } from 'node:crypto';
import { createClient } from '../load/client.ts';
import type { Side } from '../load/compare.ts';
import type { Stage } from '../scenario.ts';
import { signInBuyers } from './buyers.ts';
import { createConfirmations } from './confirmations.ts';
import { createLedger, type Ledger } from './ledger.ts';
import type { Server } from './server.ts';
import { openStandingShow } from './show.ts';

/** Buyers at a server, and the shows that they buy into. */
export interface Sales {
  /** Free places of a new show, booked in one call. */
  bookFree: (name: string) => Promise<Side>;
  /** Places of a new show, held and then paid for. @param price in cents */
  holdAndPay: (name: string, price: number) => Promise<Side>;
  /** What the database has to say about all that was sold. */
  audit: () => Promise<string[]>;
  notes: () => string[];
}

const PAYMENT = { provider: 'sandbox', token: 'pm_ok' };

export async function openSales(stage: Stage, server: Server): Promise<Sales> {
  const nextBuyer = await signInBuyers(stage, server.db);
  const client = createClient(server.url, stage.plan.connections);
  stage.opened.defer(() => client.close());
  const confirmations = createConfirmations(stage, server.db);
  const ledgers: Ledger[] = [];
  let sold = 0;

  async function openShow(name: string, price: number) {
    const show = await openStandingShow(server.admin, name, price);
    const ledger = createLedger(show);
    ledgers.push(ledger);
    const wish = () => ({
      showId: show.showId,
      sections: [{ sectionId: show.sectionId, quantity: 1 }],
      idempotencyKey: randomUUID(),
    });
    const confirm = (output: unknown) => {
      ledger.confirm(output);
      sold += 1;
      return 'done' as const;
    };
    return { ledger, wish, confirm };
  }

  return {
    async bookFree(name) {
      const { wish, confirm } = await openShow(name, 0);
      const step: Side['step'] = async (connection) => {
        const answer = await client.call('bookings.book', wish(), nextBuyer(connection));
        return 'output' in answer ? confirm(answer.output) : answer;
      };
      return { name, unit: 'bookings', step, cpuMs: server.cpuMs, calm: confirmations.calm };
    },
    async holdAndPay(name, price) {
      const { ledger, wish, confirm } = await openShow(name, price);
      const step: Side['step'] = async (connection) => {
        const token = nextBuyer(connection);
        const held = await client.call('bookings.hold', wish(), token);
        if ('refused' in held) return held;
        const payment = { bookingId: ledger.heldId(held.output), payment: PAYMENT };
        const answer = await client.call('bookings.confirm', payment, token);
        return 'output' in answer ? confirm(answer.output) : answer;
      };
      return { name, unit: 'bookings', step, cpuMs: server.cpuMs, calm: confirmations.calm };
    },
    async audit() {
      stage.progress.show('Check the invariants');
      const found = await Promise.all(ledgers.map((ledger) => ledger.audit(server.db)));
      return found.flat();
    },
    notes: () => [
      `Of ${sold.toLocaleString('en')} bookings, ${confirmations.dropped().toLocaleString('en')} had not been confirmed by mail when their phase ended; they were dropped, so that the next phase began calm.`,
    ],
  };
}
