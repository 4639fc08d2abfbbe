/** The SDK as strangers get it: packed, installed into an empty project, compiled there and run against a server. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { insertUser } from '@evently/api/auth/accounts';
import { createScriptContext } from '@evently/api/context';
import { createCaller } from '@evently/api/router';
import { createTestShow, standing } from '@evently/api/testing';
import { API } from 'typescript/unstable/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer } from './testing.ts';

const PNPM = 'pnpm@12.21.0';
const sdkDir = fileURLToPath(new URL('../../../packages/sdk/', import.meta.url));
const exec = promisify(execFile);

let directory: string;
let tarball: string;
let consumer: string;
let published: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evently-sdk-'));
  consumer = join(directory, 'consumer');
  published = join(consumer, 'node_modules/@evently/sdk');
  await pnpm(['pack', '--pack-destination', directory], sdkDir);
  tarball = join(directory, (await readdir(directory)).find((name) => name.endsWith('.tgz')) ?? '');
  await cp(join(sdkDir, 'fixtures/consumer'), consumer, { recursive: true });
  for (const [index, example] of (await readmeExamples()).entries()) {
    await writeFile(join(consumer, `readme-${index + 1}.ts`), example);
  }
  const manifest = {
    private: true,
    type: 'module',
    dependencies: { '@evently/sdk': `file:${tarball}`, '@trpc/client': await pinOf('@trpc/client') },
    devDependencies: { '@types/node': await rootPinOf('@types/node'), typescript: await rootPinOf('typescript') },
  };
  await writeFile(join(consumer, 'package.json'), JSON.stringify(manifest));
  await pnpm(['install', '--prefer-offline'], consumer);
}, 300_000);
afterAll(async () => await rm(directory, { recursive: true, force: true }));

/** The pnpm that runs the tests, or the one that npx brings. */
async function pnpm(args: string[], cwd: string): Promise<void> {
  const own = process.env.npm_execpath ?? '';
  const [program, first] = /^pnpm(\.exe)?$/.test(basename(own)) ? [own, []] : ['npx', ['-y', PNPM]];
  await run(program, [...first, ...args], cwd);
}

/** @throws Error with all that the program said */
async function run(program: string, args: string[], cwd: string, env = process.env): Promise<string> {
  const { stdout } = await exec(program, args, { cwd, env }).catch((error: { stdout?: string; stderr?: string }) => {
    throw new Error(`${program} ${args.join(' ')} failed:\n${error.stdout}${error.stderr}`);
  });
  return stdout;
}

async function pinOf(name: string): Promise<string> {
  const { dependencies } = JSON.parse(await readFile(join(sdkDir, 'package.json'), 'utf8'));
  return dependencies[name];
}

async function rootPinOf(name: string): Promise<string> {
  const { devDependencies } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8'));
  return devDependencies[name];
}

/** The examples of the README; the first is the first thing that anybody runs. */
async function readmeExamples(): Promise<string[]> {
  const readme = await readFile(join(sdkDir, 'README.md'), 'utf8');
  const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, example = '']) => example);
  if (!examples[0]?.includes("'http://localhost:3000'"))
    throw new Error('The README begins with no example of a server.');
  return examples.map((example) => example.replace("'http://localhost:3000'", 'process.env.EVENTLY_URL!'));
}

/** What the consumer's own compiler says, a line per error. */
async function compile(project: string): Promise<string[]> {
  const tsc = join(consumer, 'node_modules/typescript/bin/tsc');
  const compiled = exec(process.execPath, [tsc, '-p', project, '--pretty', 'false'], { cwd: consumer });
  const { stdout } = await compiled.catch((error: { stdout: string }) => error);
  return stdout.split('\n').filter(Boolean);
}

async function publishedFiles(ending: string): Promise<{ name: string; text: string }[]> {
  const names = (await readdir(join(published, 'dist'))).filter((name) => name.endsWith(ending));
  return await Promise.all(
    names.map(async (name) => ({ name, text: await readFile(join(published, 'dist', name), 'utf8') })),
  );
}

test('the package holds its distribution, its README and three dependencies', async () => {
  const manifest = JSON.parse(await readFile(join(published, 'package.json'), 'utf8'));
  expect(Object.keys(manifest.dependencies).sort()).toEqual(['@trpc/client', '@trpc/server', 'superjson']);
  expect(manifest.exports['.']).toEqual({ types: './dist/index.d.ts', default: './dist/index.js' });
  const names = (await readdir(published)).filter((name) => name !== 'node_modules' && name !== 'LICENSE');
  expect(names.sort()).toEqual(['README.md', 'dist', 'package.json']);
  const kinds = (await readdir(join(published, 'dist'))).map((name) => name.replace(/^[a-z-]+/, ''));
  expect([...new Set(kinds)].sort()).toEqual(['.d.ts', '.js']);
});

test('the declarations stand alone: nothing of the server is in them', async () => {
  const files = await publishedFiles('.d.ts');
  expect(files.map(({ name }) => name)).toContain('contract.d.ts');
  const imported = /(?:from|import\()\s*['"]([^'"]+)['"]/g;
  for (const { name, text } of files) {
    expect(text.match(/\b(kysely|pg|fastify|ioredis|lucia|zod|Context)\b|@evently\/(?!sdk)/g), name).toBeNull();
    const foreign = [...text.matchAll(imported)]
      .map(([, from]) => from)
      .filter((from) => !from?.match(/^\.\/[\w-]+\.js$/));
    expect(['@trpc/client', '@trpc/server'], name).toEqual(expect.arrayContaining(foreign));
  }
});

test('the code needs nothing of Node', async () => {
  for (const { name, text } of await publishedFiles('.js')) {
    expect(text.match(/['"]node:|\b(process|Buffer|require)\b/g), name).toBeNull();
  }
});

test('publint and arethetypeswrong have nothing to say', async () => {
  await run(process.execPath, [join(sdkDir, 'scripts/lint-package.ts'), tarball], sdkDir);
});

test.for(['nodenext', 'bundler'])(
  'a program compiles against it under %s, and a wrong one does not',
  async (resolution) => {
    expect(await compile(`tsconfig.${resolution}.json`)).toEqual([]);
    // Without the directives the compiler reports each mistake, at its place and with the number the fixture names.
    const project = `tsconfig.${resolution}.wrong.json`;
    const text = await readFile(join(consumer, 'consumer.ts'), 'utf8');
    const expected = text.split('\n').flatMap((line, index) => {
      const [, code] = /@ts-expect-error (\d+):/.exec(line) ?? [];
      return code ? [`${index + 2}: TS${code}`] : [];
    });
    expect(expected.length).toBeGreaterThan(10);
    const wrong = `wrong-${resolution}.ts`;
    await writeFile(join(consumer, wrong), text.replaceAll('@ts-expect-error', 'wrong:'));
    await writeFile(
      join(consumer, project),
      JSON.stringify({ extends: `./tsconfig.${resolution}.json`, files: [wrong] }),
    );
    const errors = (await compile(project)).filter((line) => line.startsWith(wrong));
    expect(errors.map((line) => line.replace(/^.*?\((\d+),\d+\): error (TS\d+):.*$/, '$1: $2'))).toEqual(expected);
  },
);

test('calls and their fields show their comments in an editor', () => {
  const project = join(consumer, 'tsconfig.nodenext.json');
  const file = join(consumer, 'consumer.ts');
  const api = new API({ cwd: consumer });
  try {
    const opened = api.updateSnapshot({ openProjects: [project] }).getProject(project);
    const text = opened?.program.getSourceFile(file)?.text ?? '';
    /** What hovering over the last word of some code shows. */
    const hover = (code: string) => {
      const symbol = opened?.checker.getSymbolAtPosition(file, text.indexOf(code) + code.lastIndexOf('.') + 1);
      return symbol && opened?.checker.getDocumentationCommentOfSymbol(symbol);
    };
    expect(hover('evently.bookings.book(')).toContain('Books places in one call');
    expect(hover('evently.admin.venues.create(')).toContain('A venue with its sections.');
    expect(hover('evently.events.list.all(')).toContain('The items of every page');
    expect(hover('wish.seatIds')).toBe('Seats by name.');
    expect(hover('wish.idempotencyKey')).toContain('Filled in when it is left out');
    expect(hover('same.tickets[0]?.label')).toContain('As in `Stalls');
  } finally {
    api.close();
  }
});

test('the example of the README buys a ticket, on this Node and on those of the machine', async () => {
  await using server = await startTestServer();
  const admin = createCaller(
    createScriptContext(server.services, {
      userId: await insertAdmin(server),
      email: 'a@b.test',
      name: 'A',
      role: 'admin',
    }),
  );
  const { showId } = await createTestShow(admin, [standing(10)]);
  expect(await compile('tsconfig.nodenext.json')).toEqual([]);
  const runtimes = [process.execPath, ...(await nodesOfMachine())];
  for (const node of runtimes) {
    const said = await run(node, ['out/readme-1.js'], consumer, { ...process.env, EVENTLY_URL: server.url });
    expect(said).toMatch(/^Evening: Floor, reference [0-9A-Z]{5}-[0-9A-Z]{5}\n$/);
  }
  const bookings = await server.db.selectFrom('bookings').select('status').where('show_id', '=', showId).execute();
  expect(bookings).toEqual(runtimes.map(() => ({ status: 'confirmed' })));
});

async function insertAdmin({ db }: Awaited<ReturnType<typeof startTestServer>>): Promise<string> {
  const { id } = await insertUser(db, {
    email: 'a@b.test',
    name: 'A',
    passwordHash: '-',
    role: 'admin',
    createdAt: new Date(),
  });
  return id;
}

/** Other versions of Node on the PATH from 20 on; the workspace's own comes first in it, by way of its packages. */
async function nodesOfMachine(): Promise<string[]> {
  const folders = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder && !folder.includes('node_modules'));
  const versions = new Map<string, string>();
  for (const folder of folders) {
    const node = join(folder, 'node');
    const version = await exec(node, ['--version']).then(
      ({ stdout }) => stdout.trim(),
      () => null,
    );
    if (version && version !== process.version && Number.parseInt(version.slice(1), 10) >= 20)
      versions.set(version, node);
  }
  return [...versions.values()];
}
