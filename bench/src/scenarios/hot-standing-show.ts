/**
 * P1: everybody wants into the same show. Free tickets of a standing section with room for all, booked in one call, by many
 * buyers over 64 connections, against the floor: one plain transaction per booking on the same Postgres.
 */
import { compare } from '../load/compare.ts';
import { formatRate } from '../report/figures.ts';
import type { Scenario } from '../scenario.ts';
import { openFloor } from '../stage/floor.ts';
import { openSales } from '../stage/sales.ts';
import { startServer } from '../stage/server.ts';

export const hotStandingShow: Scenario = {
  name: 'P1',
  title: 'hot standing show, free tickets booked in one call',
  async run(stage) {
    const server = await startServer(stage);
    const floor = await openFloor(stage, server);
    const sales = await openSales(stage, server);
    const booking = await sales.bookFree('booked in one call');
    const { ours, other, ratio, failures } = await compare(stage, booking, floor.side);
    return {
      findings: [
        {
          what: this.title,
          measured: formatRate(ours.rate, ours.unit),
          against: `${formatRate(other.rate, other.unit)}: ${other.name}`,
          value: ratio,
          target: { must: 3.5, wanted: 6, better: 'more', unit: '×' },
        },
      ],
      sides: [ours, other],
      notes: sales.notes(),
      failures: [...failures, ...(await sales.audit()), ...(await floor.audit())],
    };
  },
};
