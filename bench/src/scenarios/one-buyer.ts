/**
 * P7: one buyer alone. How long a booking in one call takes over one connection when nobody else is there, against the very
 * statements that it consists of, sent one after another by pg: what is left is HTTP, the session, reading and checking the
 * input, the box office, and that a batch never waits for company.
 *
 * The statements are not written down here, where they would grow old: the server tells what it said to Postgres between
 * the BEGIN and the COMMIT of a booking (`targets/record-statements.ts`), and the bench says it again with ids of its own.
 * So both sides do the same work in Postgres, down to the job that mails the buyer. The look-up of the session stands
 * outside that transaction and counts against the server. The replayed bookings are copies: their histories do not verify,
 * so of their show only the number of bookings is checked.
 */
import { compare } from '../load/compare.ts';
import { pairedRatio } from '../load/ratio.ts';
import { formatMs } from '../report/figures.ts';
import type { Scenario } from '../scenario.ts';
import { openReplay, RECORD_STATEMENTS } from '../stage/replay.ts';
import { openSales } from '../stage/sales.ts';
import { startServer } from '../stage/server.ts';

export const oneBuyer: Scenario = {
  name: 'P7',
  title: 'one buyer alone, p50 of a booking in one call',
  async run(stage) {
    const server = await startServer(stage, { preloads: [RECORD_STATEMENTS] });
    const sales = await openSales(stage, server);
    const replay = await openReplay(stage, server);
    const booking = { ...(await sales.bookFree('booked in one call by one buyer')), connections: 1 };
    const { ours, other, failures } = await compare(stage, booking, { ...replay.side, calm: sales.calm });
    return {
      findings: [
        {
          what: this.title,
          measured: formatMs(ours.latency?.p50 ?? Number.NaN),
          against: `${formatMs(other.latency?.p50 ?? Number.NaN)}: ${other.name}`,
          value: pairedRatio(ours.medians, other.medians).ratio,
          target: { must: 1.5, wanted: 1.2, better: 'less', unit: '×' },
        },
      ],
      sides: [ours, other],
      notes: [`A booking takes ${replay.statements} statements, from BEGIN to COMMIT.`],
      failures: [...failures, ...(await sales.audit()), ...(await replay.audit())],
    };
  },
};
