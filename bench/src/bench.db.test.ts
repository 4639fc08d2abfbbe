import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '@evently/db/embedded/process-state';
import { findTestHome } from '@evently/db/testing-folder';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { scenarios } from './scenarios.ts';

const MAIN = path.join(import.meta.dirname, 'main.ts');
const PATIENCE_MS = 40_000;

let folder: string;
let work: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(findTestHome(), 'bench-test-'));
  work = path.join(folder, 'work');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function startBench(...words: string[]) {
  const args = [MAIN, ...words, '--quick', '--folder', work, '--out', path.join(folder, 'out')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const keep = (chunk: Buffer) => {
    said += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, ended, said: () => said };
}

/** The process of the Postgres under the server that a run started, as soon as it is measured. */
async function findPostgres(run: { child: ChildProcess; said: () => string }): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!run.said().includes('warm-up: ')) {
    if (run.child.exitCode !== null || performance.now() > deadline) expect.fail(`nothing was measured: ${run.said()}`);
    await sleep(20);
  }
  const files = await readdir(work, { recursive: true });
  const file = files.find((name) => name.endsWith('postmaster.pid')) ?? expect.fail('there is no Postgres');
  return Number.parseInt(await readFile(path.join(work, file), 'utf8'), 10);
}

/** Of those that there are, as many as the tests have time for: between them they sell, pay, and use every kind of helper. */
const TESTED = ['P0', 'P1', 'P1b', 'P7'];

test('scenarios run to their end with sound answers and a sound database, and leave nothing behind', async () => {
  const run = startBench(...TESTED, '--warm-up', '0.05', '--seconds', '0.2');
  expect(await run.ended, run.said()).toBe(0);
  const markdown = await readFile(path.join(folder, 'out', 'latest.md'), 'utf8');
  expect(run.said()).toContain(markdown);
  const tested = scenarios.filter(({ name }) => TESTED.includes(name));
  expect(tested.map(({ name }) => name)).toEqual(TESTED);
  for (const { name, title } of tested) expect(markdown).toMatch(new RegExp(`^\\| ${name} +\\| ${title}`, 'm'));
  expect(markdown).toContain('Every answer was as it must be, and so is the database.');
  expect(await readdir(work)).toEqual([]);
}, 180_000);

test('a run that is interrupted ends its server and its Postgres, and removes their data', async () => {
  const run = startBench('p0');
  const postgres = await findPostgres(run);
  expect(isAlive(postgres)).toBe(true);
  run.child.kill('SIGINT');
  expect(await run.ended, run.said()).toBe(130);
  expect(isAlive(postgres)).toBe(false);
  expect(await readdir(work)).toEqual([]);
});

test('a run that is killed outright leaves no process behind', async () => {
  const run = startBench('p0');
  const postgres = await findPostgres(run);
  run.child.kill('SIGKILL');
  await run.ended;
  const deadline = performance.now() + PATIENCE_MS;
  while (isAlive(postgres) && performance.now() < deadline) await sleep(50);
  expect(isAlive(postgres)).toBe(false);
});
