import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createTestDatabase, type TestDatabase } from '@evently/db/testing';
import { createEvently } from '@evently/sdk';
import { afterEach, expect, test } from 'vitest';
import {
  admin,
  cleanUpProcesses,
  type Ended,
  findFreePort,
  known,
  listenSomewhere,
  makeFolder,
  repository,
  signIn,
  spawnNode,
  spawnServer,
  startServer,
  stopServer,
  untilOpen,
} from './test-process.ts';

const databases: TestDatabase[] = [];
afterEach(async () => {
  await cleanUpProcesses();
  for (const database of databases.splice(0)) await database[Symbol.asyncDispose]();
});

/** An empty database; servers over it start faster than over one of their own. */
async function newDatabase(): Promise<string> {
  const database = await createTestDatabase(1);
  databases.push(database);
  return database.url;
}

const passwordIn = ({ stdout }: Pick<Ended, 'stdout'>) => /Password +(\S+) shown this once/.exec(stdout)?.[1];

test('the first start makes an admin and sample events and shows the password once, the second makes nothing', async () => {
  const folder = makeFolder();
  const settings = { DATABASE_URL: await newDatabase(), PORT: String(await findFreePort()) };
  const first = await startServer(settings, folder);
  const password = passwordIn({ stdout: first.stdout() })!;
  expect(first.stdout().split(password)).toHaveLength(2);
  const office = await signIn(first.url, { email: 'admin@evently.local', password });
  expect((await office.auth.me({})).role).toBe('admin');
  const countOf = async (url: string) => (await createEvently({ url }).events.list({ limit: 100 })).items.length;
  const events = await countOf(first.url);
  expect(events).toBeGreaterThan(10);
  expect(await stopServer(first)).toMatchObject({ code: 0, stderr: '' });

  const second = await startServer(settings, folder);
  expect(second.stdout()).not.toMatch(/password|admin@/i);
  expect(await countOf(second.url)).toBe(events);
  await signIn(second.url, { email: 'admin@evently.local', password });
  expect(await stopServer(second)).toMatchObject({ code: 0, stderr: '' });
  // Nothing of it is in a log either.
  expect(second.stdout()).not.toContain(password);
});

test('the start script reads a .env in the folder that it is started in', async () => {
  const { scripts } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  const [node, ...args] = scripts.start.split(' ');
  expect(node).toBe('node');
  const folder = makeFolder();
  const port = await findFreePort();
  const lines = Object.entries({ ...known, DATABASE_URL: await newDatabase(), PORT: String(port) });
  writeFileSync(path.join(folder, '.env'), lines.map(([name, value]) => `${name}="${value}"\n`).join(''));
  const inRepository = (arg: string) => (arg.endsWith('.ts') ? path.join(repository, arg) : arg);
  const server = await untilOpen(spawnNode(args.map(inRepository), {}, folder));
  expect(server.url).toBe(`http://127.0.0.1:${port}`);
  await signIn(server.url, admin);
  expect(await stopServer(server)).toMatchObject({ code: 0 });
});

test('bad settings stop the start with a line each, before anything is touched', async () => {
  const folder = makeFolder();
  const bad = { PORT: 'http', DEMO: 'maybe', ADMIN_PASSWORD: 'short' };
  const { code, stdout, stderr } = await spawnServer(bad, folder).ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr.trim().split('\n')).toEqual([
    'Evently did not start, or ended.',
    'The settings do not fit:',
    '  PORT must be a whole number from 0 to 65535 (it is "http")',
    '  ADMIN_PASSWORD must have at least 10 characters',
    '  DEMO must be on or off (it is "maybe")',
  ]);
  expect(existsSync(path.join(folder, '.evently'))).toBe(false);
});

test('a start that fails still shows the password that it made up: no later one can', async () => {
  await using other = await listenSomewhere();
  const folder = makeFolder();
  const settings = { DATABASE_URL: await newDatabase(), DEMO: 'off' };
  const failed = await spawnServer({ ...settings, PORT: String(other.port) }, folder).ended;
  expect(failed.code).toBe(1);
  const server = await startServer({ ...settings, PORT: String(await findFreePort()) }, folder);
  await signIn(server.url, { email: 'admin@evently.local', password: passwordIn(failed)! });
  await stopServer(server);
});

test('a database that cannot be reached is a sentence', async () => {
  const port = await findFreePort();
  const settings = { ...known, DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/evently` };
  const { code, stderr } = await spawnServer(settings, makeFolder()).ended;
  expect(code).toBe(1);
  expect(stderr).toBe(
    '\nEvently did not start, or ended.\nNobody answers at 127.0.0.1: is the Postgres of DATABASE_URL running?\n',
  );
});
