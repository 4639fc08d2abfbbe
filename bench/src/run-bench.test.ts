import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readArguments, UsageError } from './arguments.ts';
import { runBench } from './run-bench.ts';
import type { Scenario, ScenarioReport } from './scenario.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bench-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const report: ScenarioReport = { findings: [], sides: [], notes: [], failures: [] };
const scenario = (name: string, run: Scenario['run']): Scenario => ({ name, title: `the scenario ${name}`, run });
const running = () => new AbortController().signal;

function run(from: Scenario[], names: string[] = [], signal = running()) {
  const said: string[] = [];
  const asked = readArguments([
    ...names,
    '--quick',
    '--folder',
    path.join(folder, 'work'),
    '--out',
    path.join(folder, 'out'),
  ]);
  const passed = runBench(asked, { write: (text) => said.push(text) }, signal, from);
  return { passed, said };
}

test('each scenario has an empty folder, and what it opened is closed before the folder goes', async () => {
  const seen: string[] = [];
  const folders: string[] = [];
  const tidy = (name: string) =>
    scenario(name, async (stage) => {
      expect(await readdir(stage.folder)).toEqual([]);
      expect(folders.filter((earlier) => existsSync(earlier))).toEqual([]);
      folders.push(stage.folder);
      stage.opened.defer(() => {
        seen.push(`${name} closed ${existsSync(stage.folder)}`);
      });
      return report;
    });
  expect(await run([tidy('A'), tidy('B')]).passed).toBe(true);
  expect(seen).toEqual(['A closed true', 'B closed true']);
  expect(await readdir(path.join(folder, 'work'))).toEqual([]);
  expect(JSON.parse(await readFile(path.join(folder, 'out', 'latest.json'), 'utf8'))).toMatchObject({
    scenarios: [{ name: 'A' }, { name: 'B' }],
  });
});

test('data that Postgres had to keep elsewhere goes with the folder that links to them', async () => {
  const elsewhere = path.join(folder, 'elsewhere');
  const linked = scenario('A', async (stage) => {
    await mkdir(elsewhere);
    await mkdir(path.join(stage.folder, 'a server'));
    await mkdir(path.join(stage.folder, 'another'));
    await symlink(elsewhere, path.join(stage.folder, 'another', 'postgres'));
    return report;
  });
  expect(await run([linked]).passed).toBe(true);
  expect(existsSync(elsewhere)).toBe(false);
});

test('pictures lie beside the results, which name them and do not hold them', async () => {
  const plots = [{ file: 'overload.svg', title: 'Throughput', svg: '<svg/>' }];
  const { passed, said } = run([scenario('A', async () => ({ ...report, plots }))]);
  await passed;
  expect(said.join('')).toContain('![Throughput](overload.svg)');
  expect(await readFile(path.join(folder, 'out', 'overload.svg'), 'utf8')).toBe('<svg/>');
  const results = JSON.parse(await readFile(path.join(folder, 'out', 'latest.json'), 'utf8'));
  expect(results).toMatchObject({ scenarios: [{ plots: ['overload.svg'] }] });
});

test('a wrong answer fails the run', async () => {
  const wrong = scenario('A', async () => ({ ...report, failures: ['a seat was sold twice'] }));
  const { passed, said } = run([wrong]);
  expect(await passed).toBe(false);
  expect(said.join('')).toContain('a seat was sold twice');
});

test('a scenario that breaks fails the run, and the others are run all the same', async () => {
  const broken = scenario('A', async () => {
    throw new Error('the server did not start');
  });
  const { passed, said } = run([broken, scenario('B', async () => ({ ...report, notes: ['B was here'] }))]);
  expect(await passed).toBe(false);
  expect(said.join('')).toContain('- A: the server did not start');
  expect(said.join('')).toContain('- B: B was here');
});

test('only the scenarios that are named are run, however they are written, and an unknown one is refused', async () => {
  const { passed, said } = run([scenario('P1', async () => report), scenario('P1b', async () => report)], ['p1B']);
  await passed;
  expect(said.join('')).toContain('P1b: the scenario P1b');
  expect(said.join('')).not.toContain('the scenario P1\n');
  await expect(run([scenario('P1', async () => report)], ['p9']).passed).rejects.toThrow(UsageError);
});

test('a run that is stopped reports nothing and leaves nothing', async () => {
  const stopping = new AbortController();
  const stopped = scenario('A', async ({ signal }) => {
    stopping.abort(new Error('stopped by SIGINT'));
    signal.throwIfAborted();
    return report;
  });
  const { passed } = run([stopped, scenario('B', async () => expect.fail('it goes on'))], [], stopping.signal);
  await expect(passed).rejects.toThrow('stopped by SIGINT');
  expect(await readdir(path.join(folder, 'work'))).toEqual([]);
  expect(existsSync(path.join(folder, 'out'))).toBe(false);
});
