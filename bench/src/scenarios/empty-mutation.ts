/**
 * P0: what the door costs. An empty authenticated mutation with all protections on, against a bare Fastify POST route
 * that reads JSON and answers JSON; both are processes of their own, driven in turn by the same generator.
 *
 * The contract has no empty mutation, and none is added to it: the server is started as it is, main file and all, with one
 * file loaded before that, which gives its router the procedure `bookings.nothing` (see `targets/empty-mutation.ts`). So
 * the figure includes everything that every authenticated mutation passes: request ids, security headers, CORS, reading the
 * body, the look-up of the session (on Postgres, where it is not cached), the check of roles, of forbidden input and of the
 * schema, the check of the output, superjson and the adapter. It includes no query besides the session's.
 */
import { type Side, takeTurns } from '../load/compare.ts';
import { pairedRatio } from '../load/ratio.ts';
import { formatRate } from '../report/figures.ts';
import type { Scenario } from '../scenario.ts';
import { callNothing, EMPTY_MUTATION, sendNothing } from '../stage/nothing.ts';
import { startServer } from '../stage/server.ts';
import { startTarget } from '../stage/target.ts';

/** Nearer to its own limit than this, the generator may be what is measured. */
const NEAR_THE_CEILING = 0.8;
/** As long as a real one; the targets read none. */
const A_TOKEN = `evo_${'x'.repeat(43)}`;

export const emptyMutation: Scenario = {
  name: 'P0',
  title: 'empty authenticated mutation, all protections on',
  async run(stage) {
    const server = await startServer(stage, { preloads: [EMPTY_MUTATION] });
    const bareRoute = await startTarget(stage, 'bare-route');
    const rawAnswer = await startTarget(stage, 'raw-answer');
    const nothing = await callNothing(stage, server);
    const sideOf = (name: string, { url, cpuMs }: typeof bareRoute): Side => {
      const step = sendNothing(stage, url);
      return { name, unit: 'requests', step: () => step(A_TOKEN), cpuMs };
    };
    const { reports, failures } = await takeTurns(
      stage,
      sideOf('the generator at its limit', rawAnswer),
      sideOf('a bare Fastify JSON POST route', bareRoute),
      nothing,
    );
    const [limit, bare, ours] = reports;
    const reached = bare.rate / limit.rate;
    return {
      findings: [
        {
          what: this.title,
          measured: formatRate(ours.rate, ours.unit),
          against: `${formatRate(bare.rate, bare.unit)}: ${bare.name}`,
          value: pairedRatio(ours.rates, bare.rates).ratio,
          target: { must: 0.25, wanted: 0.45, better: 'more', unit: '×' },
        },
      ],
      sides: [ours, bare, limit],
      notes: [
        `The generator can do ${formatRate(limit.rate, limit.unit)} against a socket that answers at once; the bare route had it at ${Math.round(reached * 100)} % of that.${
          reached > NEAR_THE_CEILING
            ? ' So the bare route may be faster than it looks, and the ratio of P0 smaller.'
            : ''
        }`,
      ],
      failures,
    };
  },
};
