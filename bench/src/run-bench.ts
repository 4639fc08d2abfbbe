import { chmod, mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Arguments, UsageError } from './arguments.ts';
import { examineMachine } from './report/machine.ts';
import { describeProfiles } from './report/profiles.ts';
import { createProgress, type Progress, type Screen } from './report/progress.ts';
import { type NamedReport, type Results, writeMarkdown } from './report/table.ts';
import type { Scenario, ScenarioReport, Stage } from './scenario.ts';
import { scenarios } from './scenarios.ts';

/**
 * Runs the scenarios one after another, each on a server of its own, and reports.
 *
 * @returns whether every answer and every invariant was as it must be, whatever the figures are
 * @throws UsageError, or the signal's reason; by then everything is ended and removed
 */
export async function runBench(
  asked: Arguments,
  out: Screen,
  signal: AbortSignal,
  from: readonly Scenario[] = scenarios,
): Promise<boolean> {
  const chosen = chooseScenarios(from, asked.names);
  const progress = createProgress(out);
  await using opened = new AsyncDisposableStack();
  const folder = await makeFolder(asked.workFolder, opened);
  const machine = await examineMachine(folder);
  const facts: Stage['facts'] = { postgres: null };
  const reports: NamedReport[] = [];
  for (const scenario of chosen) {
    progress.line(`${scenario.name}: ${scenario.title}`);
    const profileFolder = asked.profileFolder && path.join(asked.profileFolder, scenario.name.toLowerCase());
    if (profileFolder) await rm(profileFolder, { recursive: true, force: true });
    const setting = { plan: asked.plan, signal, progress, profileFolder, facts };
    reports.push({ name: scenario.name, ...(await play(scenario, setting, path.join(folder, scenario.name))) });
  }
  const results: Results = {
    machine: { ...machine, postgres: facts.postgres },
    date: new Date().toISOString(),
    command: describeCommand(chosen, asked),
    scenarios: reports,
  };
  await publish(results, asked, progress, out);
  return reports.every(({ failures }) => failures.length === 0);
}

function chooseScenarios(from: readonly Scenario[], names: readonly string[]): readonly Scenario[] {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const known = new Set(from.map(({ name }) => name.toLowerCase()));
  const unknown = [...wanted].filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new UsageError(
      `There is no scenario ${unknown.join(', ')}; there are ${from.map(({ name }) => name).join(', ')}.`,
    );
  }
  return wanted.size === 0 ? from : from.filter(({ name }) => wanted.has(name.toLowerCase()));
}

/** A scenario that breaks is reported like one that answers wrongly; the others are run all the same. */
async function play(
  scenario: Scenario,
  setting: Omit<Stage, 'opened' | 'folder'>,
  folder: string,
): Promise<ScenarioReport> {
  try {
    await using opened = new AsyncDisposableStack();
    await mkdir(folder, { recursive: true });
    opened.defer(() => removeFolder(folder));
    return await scenario.run({ ...setting, opened, folder });
  } catch (error) {
    setting.signal.throwIfAborted();
    const failure = error instanceof Error ? error.message : String(error);
    setting.progress.line(failure);
    return { findings: [], sides: [], notes: [], failures: [failure] };
  }
}

async function makeFolder(parent: string | null, opened: AsyncDisposableStack): Promise<string> {
  if (parent !== null) await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(path.join(parent ?? tmpdir(), 'evently-bench-'));
  opened.defer(() => removeFolder(folder));
  // Started by root, Postgres runs as another user, who must get to its data.
  await chmod(folder, 0o755);
  return folder;
}

async function removeFolder(folder: string): Promise<void> {
  // Where Postgres could not get to its data, a link leads to where they are instead.
  for (const server of await readdir(folder).catch(() => [])) {
    const data = await realpath(path.join(folder, server, 'postgres')).catch(() => null);
    if (data !== null) await rm(data, { recursive: true, force: true });
  }
  await rm(folder, { recursive: true, force: true });
}

function describeCommand(chosen: readonly Scenario[], { plan }: Arguments): string {
  const names = chosen.map(({ name }) => name.toLowerCase()).join(' ');
  const { seconds, rounds, warmUpSeconds, connections, grown } = plan;
  const huge = grown.bookings > grown.events * 5 ? ' --huge' : '';
  return `pnpm bench ${names} --seconds ${seconds} --rounds ${rounds} --warm-up ${warmUpSeconds} --connections ${connections}${huge}`;
}

async function publish(results: Results, asked: Arguments, progress: Progress, out: Screen): Promise<void> {
  const markdown = `${writeMarkdown(results)}\n`;
  progress.line('');
  out.write(markdown);
  const { resultsFolder, profileFolder } = asked;
  if (resultsFolder !== null) {
    await mkdir(resultsFolder, { recursive: true });
    await writeFile(path.join(resultsFolder, 'latest.md'), markdown);
    await writeFile(path.join(resultsFolder, 'latest.json'), `${JSON.stringify(withoutPictures(results), null, 2)}\n`);
    const plots = results.scenarios.flatMap((scenario) => scenario.plots ?? []);
    for (const { file, svg } of plots) await writeFile(path.join(resultsFolder, file), svg);
    progress.line('');
    const others = ['latest.json', ...plots.map(({ file }) => file)].join(', ');
    progress.line(`Written to ${path.join(resultsFolder, 'latest.md')}, with ${others} beside it.`);
  }
  if (profileFolder !== null) out.write(await describeProfiles(profileFolder));
}

/** Figures only: pictures have files of their own. */
function withoutPictures({ scenarios: reports, ...results }: Results): object {
  const named = reports.map(({ plots, ...report }) => ({ ...report, plots: plots?.map(({ file }) => file) }));
  return { ...results, scenarios: named };
}
