/**
 * P8: two server processes on one Postgres and one Redis sell one show, half of the connections each, against one process
 * on a Postgres and a Redis of its own that sells the same kind of show, in turn. The one has the machine to itself in its
 * turn but for processes that idle: a second server beside its database would do part of its work, such as the mails.
 * Then a storm over both processes for a hundred places: exactly a hundred are sold.
 */
import { randomBytes } from 'node:crypto';
import { findRedisServer, startOwnRedis } from '@evently/api/redis-server';
import { compare } from '../load/compare.ts';
import { formatRate } from '../report/figures.ts';
import type { Scenario, Stage } from '../scenario.ts';
import { openSales } from '../stage/sales.ts';
import { startServer } from '../stage/server.ts';
import { openStorm } from '../stage/storm.ts';

const PLACES = 100;
const BUYERS_PER_CONNECTION = 16;

export const twoProcesses: Scenario = {
  name: 'P8',
  title: 'two processes sell one show',
  async run(stage) {
    const redis = await startRedis(stage);
    const env = { SECRET: randomBytes(32).toString('base64url'), ...redis };
    const first = await startServer(stage, { folder: 'first', env });
    const second = await startServer(stage, { folder: 'second', env, beside: first });
    const alone = await startServer(stage, { folder: 'alone' });
    const sales = await openSales(stage, first, [second]);
    const othersSales = await openSales(stage, alone);
    const both = await sales.bookFree('two processes');
    const one = await othersSales.bookFree('one process');
    const { ours, other, ratio, failures } = await compare(stage, both, one);
    const { connections } = stage.plan;
    const rush = { buyers: connections * BUYERS_PER_CONNECTION, places: PLACES, connections, others: [second] };
    const storm = await openStorm(stage, first, rush);
    const once = await storm.tryOnce();
    return {
      findings: [
        {
          what: this.title,
          measured: formatRate(ours.rate, ours.unit),
          against: `${formatRate(other.rate, other.unit)}: ${other.name}`,
          value: ratio,
          target: { must: 0.9, wanted: 1.1, better: 'more', unit: '×' },
        },
      ],
      sides: [ours, other, once.report],
      notes: [
        ...('REDIS_URL' in redis
          ? []
          : ['There is no redis-server on the PATH: the processes shared a Postgres only.']),
        ...sales.notes(),
      ],
      failures: [
        ...[...failures, ...once.failures],
        ...[...(await sales.audit()), ...(await othersSales.audit()), ...(await storm.audit())],
      ],
    };
  },
};

/** A Redis of the bench's own, which both servers are told of. */
async function startRedis({ opened }: Stage): Promise<{ REDIS_URL?: string }> {
  const program = findRedisServer();
  if (program === null) return {};
  const redis = await startOwnRedis(program);
  opened.defer(() => redis.stop());
  return { REDIS_URL: redis.url };
}
