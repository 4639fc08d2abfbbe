import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { createRedis } from '../redis-connection.ts';
import { describeWithRedis, openTestRedis } from '../testing-redis.ts';
import { createRoom, runRoom } from './room.ts';
import type { Summary } from './room-rules.ts';
import { runRoomInRedis } from './room-script.ts';
import { histories, keepTokens, noTokens, operationsOf, rememberedOf, rulesOf } from './testing-histories.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

describeWithRedis('the waiting room in Redis', () => {
  test('answers as the rules do, whatever happens', { timeout: 120_000 }, async () => {
    const server = await openTestRedis();
    const { redis, close } = createRedis({ url: server.url, log, commandTimeoutMs: 20_000 });
    await vi.waitUntil(() => redis.status === 'ready', { timeout: 20_000, interval: 2 });
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        histories,
        fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
        async (steps, start) => {
          const showId = randomUUID();
          const room = createRoom(start);
          const tokens = noTokens();
          let now = start;
          let last: Summary | null = null;
          for (const step of steps) {
            const operations = operationsOf(tokens, step, now);
            const remembered = rememberedOf(step, last);
            const byRules = runRoom(room, rulesOf(step), operations, now, remembered);
            const byRedis = await runRoomInRedis(redis, showId, rulesOf(step), operations, remembered, now);
            expect(byRedis).toEqual(byRules);
            keepTokens(tokens, operations, byRules.answers);
            for (const { state } of byRules.answers) seen.add(state);
            last = byRules.summary;
            now += step.passes;
          }
        },
      ),
      { numRuns: 200 },
    );
    expect([...seen].sort()).toEqual(['admitted', 'done', 'open', 'queued', 'refused', 'unknown']);
    close();
    await server.stop();
  });
});
