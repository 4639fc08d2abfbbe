/**
 * Makes dist/: JavaScript and declarations that stand alone. The sources are compiled from a stage on which contract.ts is
 * replaced by its printed form, so that the compiler never sees the API behind it.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { printContract } from './print-contract.ts';

const packageDir = fileURLToPath(new URL('..', import.meta.url));
const dist = join(packageDir, 'dist');
const stage = join(dist, 'stage');
const typescript = dirname(fileURLToPath(import.meta.resolve('typescript/package.json')));

/** @throws Error with the compiler's words */
async function compile(project: string): Promise<void> {
  const compiler = promisify(execFile)(process.execPath, [
    join(typescript, 'bin/tsc'),
    '-p',
    join(packageDir, project),
  ]);
  await compiler.catch(({ stdout }: { stdout: string }) => {
    throw new Error(`${project} does not compile:\n${stdout}`);
  });
}

/** The compiler rewrites the endings of imports in JavaScript, but not in declarations. */
async function endImportsInJs(): Promise<void> {
  for (const name of await readdir(dist)) {
    if (!name.endsWith('.d.ts')) continue;
    const text = await readFile(join(dist, name), 'utf8');
    await writeFile(join(dist, name), text.replaceAll(/(['"]\.\/[\w-]+)\.ts(?=['"])/g, '$1.js'));
  }
}

await rm(dist, { recursive: true, force: true });
await mkdir(stage, { recursive: true });
try {
  await cp(join(packageDir, 'src'), stage, { recursive: true, filter: (source) => !source.endsWith('.test.ts') });
  await writeFile(join(stage, 'contract.ts'), printContract());
  await compile('tsconfig.build.json');
} finally {
  await rm(stage, { recursive: true, force: true });
}
await endImportsInJs();
await compile('fixtures/same-contract/tsconfig.json');
