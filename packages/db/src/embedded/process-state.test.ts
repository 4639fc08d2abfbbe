import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive } from './process-state.ts';
import { childrenOf } from './test-clusters.ts';

test('a process is alive until it has ended', async () => {
  const child = spawn('sleep', ['60']);
  expect(isAlive(child.pid!)).toBe(true);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  expect(isAlive(child.pid!)).toBe(false);
});

test.runIf(process.platform === 'linux')(
  'a process that ended unasked-for is not alive, although it has its number',
  async () => {
    // The shell leaves its child to a program that never asks for it.
    const parent = spawn('/bin/sh', ['-c', 'sleep 0.05 & exec sleep 60']);
    onTestFinished(() => void parent.kill('SIGKILL'));
    let children = childrenOf(parent.pid!);
    while (children.length === 0) {
      await sleep(5);
      children = childrenOf(parent.pid!);
    }
    const [zombie] = children;
    while (isAlive(zombie!)) await sleep(5);
    expect(() => process.kill(zombie!, 0)).not.toThrow();
  },
);
