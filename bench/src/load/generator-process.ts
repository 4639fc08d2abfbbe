/**
 * The generator of a load that does not wait for answers, in a process of its own: whoever prepares, watches and counts
 * must not delay those who arrive. It is told what to do by messages (`Order`) and answers each with a `GeneratorReport`.
 */
import { randomUUID } from 'node:crypto';
import { createLedger, type Ledger } from '../stage/ledger.ts';
import type { OpenShow } from '../stage/show.ts';
import { readAnswer } from './answer.ts';
import type { Outcome } from './closed-loop.ts';
import type { HttpAnswer } from './http-answers.ts';
import { type OpenLoopReport, type OpenLoopSettings, runOpenLoop } from './open-loop.ts';

/** A load of bookings of one place each, free and in one call. */
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

function judge(ledger: Ledger, { status, head, body }: HttpAnswer): Outcome {
  const answer = readAnswer(status, body);
  if ('output' in answer) {
    ledger.confirm(answer.output);
    return 'done';
  }
  if (!REFUSALS.has(answer.refused)) throw new Error(`a booking was refused with ${answer.refused}`);
  if (!head.includes('\r\nretry-after: ')) throw new Error(`${answer.refused} does not say when to come again`);
  return answer;
}

async function carryOut({ show, tokens, ...order }: Order): Promise<GeneratorReport> {
  const ledger = createLedger(show);
  const heads = tokens.map(
    (token) =>
      `POST /trpc/bookings.book HTTP/1.1\r\nhost: ${order.host}:${order.port}\r\nconnection: keep-alive\r\n` +
      `content-type: application/json\r\nauthorization: Bearer ${token}\r\naccept: */*\r\nuser-agent: node\r\n`,
  );
  const wish = {
    showId: show.showId,
    sections: [{ sectionId: show.sectionId, quantity: 1 }],
    idempotencyKey: randomUUID(),
  };
  const body = JSON.stringify(wish);
  const [before, after] = body.split(wish.idempotencyKey);
  const report = await runOpenLoop({
    ...order,
    patienceMs: PATIENCE_MS,
    requestOf: (arrival) =>
      `${heads[arrival % heads.length]}content-length: ${body.length}\r\n\r\n${before}${randomUUID()}${after}`,
    judge: (answer) => judge(ledger, answer),
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
