import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runEachOnce } from './each-once.ts';

const signal = new AbortController().signal;

test('every attempt is made once, no more of them at a time than there are connections', async () => {
  const made: number[] = [];
  let underWay = 0;
  let most = 0;
  const step = async (attempt: number) => {
    made.push(attempt);
    underWay += 1;
    most = Math.max(most, underWay);
    await sleep(1);
    underWay -= 1;
    return attempt % 4 === 0 ? { refused: 'sold_out' } : ('done' as const);
  };
  const phase = await runEachOnce(step, { attempts: 20, connections: 3, signal });
  expect(made).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(most).toBe(3);
  expect([phase.done, phase.refused, phase.attempts]).toEqual([15, { sold_out: 5 }, 20]);
  expect(phase.latencies.histogram.totalCount).toBe(20);
});

test('what fails again and again is soon left alone, and a run that is stopped says why', async () => {
  const fail = async () => {
    throw new Error('the server speaks in riddles');
  };
  const { failures } = await runEachOnce(fail, { attempts: 1000, connections: 2, signal });
  expect(failures.length).toBeLessThan(25);
  expect(failures[0]).toBe('the server speaks in riddles');
  const stopped = AbortSignal.abort(new Error('stopped by SIGINT'));
  await expect(runEachOnce(fail, { attempts: 1, connections: 1, signal: stopped })).rejects.toThrow('SIGINT');
});
