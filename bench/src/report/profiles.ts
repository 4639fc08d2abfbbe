import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** As much of a CPU profile as is read here; V8 writes it. */
export interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  /** Which node was on top, by sample. */
  samples: number[];
  /** Microseconds before each sample. */
  timeDeltas: number[];
}

export interface HeavyFunction {
  name: string;
  /** Of the time in which anything ran, from 0 to 1. */
  share: number;
  ms: number;
}

/** The functions in which most time was spent, without what they called. Time in which nothing ran does not count. */
export function heaviestFunctions(profile: CpuProfile, count: number): HeavyFunction[] {
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  let total = 0;
  for (const [index, id] of profile.samples.entries()) {
    const name = names.get(id) ?? '(unknown)';
    // A sample lasts until the next one.
    const us = profile.timeDeltas[index + 1] ?? 0;
    if (name === '(idle)') continue;
    times.set(name, (times.get(name) ?? 0) + us);
    total += us;
  }
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([name, us]) => ({ name, share: us / total, ms: us / 1000 }));
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName || '(anonymous)';
  if (url === '') return name;
  // From the package on, where it comes from one: how it came there says nothing.
  const file = url.replace(/^file:\/\//, '').replace(/^.*\/node_modules\//, '');
  const short = file.replace(/^.*\/((?:packages|apps|bench)\/)/, '$1');
  return `${name} ${short}:${lineNumber + 1}`;
}

const SHOWN = 10;

/** Where the profiles of a run lie, with the heaviest functions of each. */
export async function describeProfiles(folder: string): Promise<string> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.cpuprofile')).sort();
  const described = files.map(async (file) => {
    const whole = path.join(folder, file);
    const profile = JSON.parse(await readFile(whole, 'utf8')) as CpuProfile;
    const lines = heaviestFunctions(profile, SHOWN).map(
      ({ name, share, ms }) => `  ${(share * 100).toFixed(1).padStart(5)} %  ${ms.toFixed(0).padStart(6)} ms  ${name}`,
    );
    return `\n${whole}\n${lines.join('\n')}\n`;
  });
  return (await Promise.all(described)).join('');
}
