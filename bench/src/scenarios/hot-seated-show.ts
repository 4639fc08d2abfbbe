/**
 * P2: everybody chooses seats. Random pairs of neighbours in a hall of 100,000, booked in one call with Redlock on, against
 * free standing places booked in one call (P1), in turn on the same server. The buyers choose with a seeded generator that
 * leaves out what they were told is gone, so what collides is what is under way at the same time; a refusal (`seat_taken`)
 * is no booking and is counted apart. A booking of two seats counts as one.
 */
import { findRedisServer } from '@evently/api/redis-server';
import { compare } from '../load/compare.ts';
import { formatRate } from '../report/figures.ts';
import type { Scenario } from '../scenario.ts';
import { openSales } from '../stage/sales.ts';
import { sellPairs } from '../stage/seated-sales.ts';
import { startServer } from '../stage/server.ts';

const SEATS = 100_000;

export const hotSeatedShow: Scenario = {
  name: 'P2',
  title: 'hot seated show, random pairs of 100,000 seats',
  async run(stage) {
    const server = await startServer(stage);
    const sales = await openSales(stage, server);
    const pairs = await sellPairs(stage, server, sales, { name: 'a pair of seats in one call', seats: SEATS });
    const booking = await sales.bookFree('booked in one call');
    const { ours, other, ratio, failures } = await compare(stage, pairs, booking);
    const locked = findRedisServer() !== null;
    return {
      findings: [
        {
          what: this.title,
          measured: formatRate(ours.rate, ours.unit),
          against: `${formatRate(other.rate, other.unit)}: ${other.name} (P1)`,
          value: ratio,
          target: { must: 0.5, wanted: 0.7, better: 'more', unit: '×' },
        },
      ],
      sides: [ours, other],
      notes: [
        locked
          ? 'Seats were locked in Redis.'
          : 'There is no redis-server on the PATH: seats were not locked in Redis.',
        ...sales.notes(),
      ],
      failures: [...failures, ...(await sales.audit())],
    };
  },
};
