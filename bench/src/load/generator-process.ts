/**
 * The generator of a load that does not wait for answers, in a process of its own: whoever prepares, watches and counts
 * must not delay those who arrive. It is told what to do by messages (`Order`) and answers each with a `GeneratorReport`.
 */
import { randomUUID } from 'node:crypto';
import { createLedger, type Ledger } from '../stage/ledger.ts';
import type { OpenShow } from '../stage/show.ts';
import { readAnswer } from './answer.ts';
import type { Outcome } from './closed-loop.ts';
import { type NextStep, type OpenLoopReport, type OpenLoopSettings, runOpenLoop, type Visit } from './open-loop.ts';

/** A load of buyers of one place each, who hold it and then pay for it. */
export interface Order
  extends Pick<OpenLoopSettings, 'host' | 'port' | 'perSecond' | 'seconds' | 'seed' | 'maxConnections'> {
  show: OpenShow;
  /** Whose turn it is goes round. */
  tokens: string[];
}

/** What came of it, with the ids of what was booked. */
export interface GeneratorReport extends OpenLoopReport {
  bookings: string[];
}

/** Whoever waits longer than this for an answer has found a fault. */
const PATIENCE_MS = 30_000;
/** What a buyer may be told besides what was booked: that the server is full, and when to come again. */
const REFUSALS: ReadonlySet<string> = new Set(['overloaded', 'too_many_requests']);

/** Who has places and is told to come again with the payment does so, as often as this. */
const MOST_PAYMENTS = 10;
const PAYMENT = { provider: 'sandbox', token: 'pm_ok' };

/** How a buyer's requests stand on the wire. */
interface Wire {
  hold: (arrival: number) => string;
  confirm: (arrival: number, bookingId: string) => string;
}

function createWire({ host, port, show, tokens }: Order): Wire {
  const headsOf = (procedure: string) =>
    tokens.map(
      (token) =>
        `POST /trpc/${procedure} HTTP/1.1\r\nhost: ${host}:${port}\r\nconnection: keep-alive\r\n` +
        `content-type: application/json\r\nauthorization: Bearer ${token}\r\naccept: */*\r\nuser-agent: node\r\n`,
    );
  /** @param sample what another of the same length takes the place of, for each buyer */
  const template = (procedure: string, body: string, sample: string) => {
    const heads = headsOf(procedure);
    const [before, after] = body.split(sample);
    return (arrival: number, own: string) =>
      `${heads[arrival % heads.length]}content-length: ${body.length}\r\n\r\n${before}${own}${after}`;
  };
  const sample = randomUUID();
  const sections = [{ sectionId: show.sectionId, quantity: 1 }];
  const wish = JSON.stringify({ showId: show.showId, sections, idempotencyKey: sample });
  const hold = template('bookings.hold', wish, sample);
  return {
    hold: (arrival) => hold(arrival, randomUUID()),
    confirm: template('bookings.confirm', JSON.stringify({ bookingId: sample, payment: PAYMENT }), sample),
  };
}

/** Somebody who holds a place, pays for it, and has it. Who is refused a place goes away. */
function visitOf(ledger: Ledger, wire: Wire, arrival: number): Visit {
  let bookingId: string | null = null;
  let payments = 0;
  return {
    request: wire.hold(arrival),
    judge({ status, head, body }): Outcome | NextStep {
      const answer = readAnswer(status, body);
      if ('output' in answer) {
        if (bookingId !== null) {
          ledger.confirm(answer.output);
          return 'done';
        }
        bookingId = ledger.heldId(answer.output);
        return { next: wire.confirm(arrival, bookingId), afterMs: 0 };
      }
      if (!REFUSALS.has(answer.refused)) throw new Error(`a buyer was refused with ${answer.refused}`);
      const seconds = /\r\nretry-after: (\d+)/.exec(head)?.[1];
      if (seconds === undefined) throw new Error(`${answer.refused} does not say when to come again`);
      if (bookingId === null || payments === MOST_PAYMENTS) return answer;
      payments += 1;
      return { next: wire.confirm(arrival, bookingId), afterMs: Number(seconds) * 1000 };
    },
  };
}

async function carryOut(order: Order): Promise<GeneratorReport> {
  const ledger = createLedger(order.show);
  const wire = createWire(order);
  const report = await runOpenLoop({
    ...order,
    patienceMs: PATIENCE_MS,
    visitOf: (arrival) => visitOf(ledger, wire, arrival),
  });
  return { ...report, bookings: ledger.ids() };
}

process.on('message', (message) => {
  // The leash asks its own questions.
  if (typeof message !== 'object' || message === null || !('perSecond' in message)) return;
  // Only `driveOpenLoop` sends orders.
  carryOut(message as Order).then(
    (report) => process.send?.(report),
    (error: Error) => process.send?.({ error: error.message }),
  );
});

process.on('SIGTERM', () => process.exit(0));
// The leash lets a process go that has nothing else to do; this one waits for orders.
process.channel?.ref();
