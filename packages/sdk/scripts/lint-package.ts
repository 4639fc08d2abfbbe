/**
 * Has publint and arethetypeswrong look at the package as it would be published.
 *
 * `node scripts/lint-package.ts [tarball]`; without a tarball it packs one.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const packageDir = fileURLToPath(new URL('..', import.meta.url));

/** @throws Error with what the program said */
async function run(program: string, args: string[]): Promise<void> {
  // Windows keeps these programs as scripts, which only a shell starts.
  const started = promisify(execFile)(program, args, { cwd: packageDir, shell: process.platform === 'win32' });
  await started.catch(({ stdout = '', stderr = '' }: { stdout?: string; stderr?: string }) => {
    throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  });
}

async function lint(tarball: string): Promise<void> {
  await run(join(packageDir, 'node_modules/.bin/publint'), ['run', tarball, '--strict']);
  await run(join(packageDir, 'node_modules/.bin/attw'), [tarball, '--profile', 'esm-only', '--no-color']);
}

const [tarball] = process.argv.slice(2);
if (tarball !== undefined) {
  await lint(tarball);
} else {
  const directory = await mkdtemp(join(tmpdir(), 'evently-sdk-'));
  try {
    await run(process.env.npm_execpath ?? 'pnpm', ['pack', '--pack-destination', directory]);
    const [packed] = await readdir(directory);
    if (packed === undefined) throw new Error('pnpm pack made no tarball.');
    await lint(join(directory, packed));
  } finally {
    await rm(directory, { recursive: true });
  }
}
console.log('publint and arethetypeswrong have nothing to say.');
