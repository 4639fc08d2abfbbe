/**
 * P1b: the way of those who pay. A hold, then its confirmation with a payment that succeeds, counted as one booking, against
 * free tickets of another show booked in one call (P1), in turn on the same server.
 */
import { compare } from '../load/compare.ts';
import { formatRate } from '../report/figures.ts';
import type { Scenario } from '../scenario.ts';
import { openSales } from '../stage/sales.ts';
import { startServer } from '../stage/server.ts';

const PRICE_CENTS = 4500;

export const holdAndConfirm: Scenario = {
  name: 'P1b',
  title: 'hot standing show, hold → confirm with a payment',
  async run(stage) {
    const server = await startServer(stage);
    const sales = await openSales(stage, server);
    const holding = await sales.holdAndPay('held, paid and confirmed', PRICE_CENTS);
    const booking = await sales.bookFree('booked in one call');
    const { ours, other, ratio, failures } = await compare(stage, holding, booking);
    return {
      findings: [
        {
          what: this.title,
          measured: formatRate(ours.rate, ours.unit),
          against: `${formatRate(other.rate, other.unit)}: ${other.name} (P1)`,
          value: ratio,
          target: { must: 0.4, wanted: 0.5, better: 'more', unit: '×' },
        },
      ],
      sides: [ours, other],
      notes: sales.notes(),
      failures: [...failures, ...(await sales.audit())],
    };
  },
};
