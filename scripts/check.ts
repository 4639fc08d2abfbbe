/** `pnpm check`: format, lint, house rules, types and pure tests, each with a line; all of them run even when one fails. */
import { spawn } from 'node:child_process';
import path from 'node:path';

const bin = (name: string) => path.join('node_modules', '.bin', name);

const CHECKS: [name: string, command: string, args: string[]][] = [
  ['format and lint', bin('biome'), ['check', '--error-on-warnings', '.']],
  ['types', bin('tsc'), ['-p', 'tsconfig.json']],
  ['types of pages', bin('tsc'), ['-p', 'apps/server/web/tsconfig.json']],
  ['house rules and pure tests', bin('vitest'), ['run', '--project', 'pure', '--reporter', 'default']],
];

function run(command: string, args: string[]): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      shell: process.platform === 'win32',
      // Before every commit a second of simulation is enough; `pnpm test` plays all of it.
      env: { HISTORIES: '1000', ...process.env, FORCE_COLOR: '1' },
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ ok: false, output: `${output}${error.message}\n` }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

const began = performance.now();
const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const results = await Promise.all(
  CHECKS.map(async ([name, command, args]) => {
    const since = performance.now();
    const { ok, output } = await run(command, args);
    process.stdout.write(`${ok ? '✓' : '✗'} ${name} (${seconds(since)})\n${ok ? '' : `${output}\n`}`);
    return { name, ok, output };
  }),
);
const failed = results.filter(({ ok }) => !ok);
const summary = results.at(-1)?.output ?? '';
process.stdout.write(
  `${summary}\n${failed.length === 0 ? 'All checks pass' : `${failed.length} of ${results.length} checks fail`} (${seconds(began)})\n`,
);
process.exit(failed.length === 0 ? 0 : 1);
