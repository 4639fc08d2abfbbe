import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { createDatabase } from '@evently/db/client';
import { createTestDatabase, type TestDatabase } from '@evently/db/testing';
import { withDatabase } from '@evently/db/urls';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  admin,
  cleanUpProcesses,
  type Ended,
  type Environment,
  findFreePort,
  known,
  listenSomewhere,
  makeFolder,
  processesNaming,
  type RunningServer,
  runCommand,
  signIn,
  startServer,
  stopServer,
} from './test-process.ts';

let folder: string;
beforeAll(() => {
  folder = makeFolder();
});
afterAll(cleanUpProcesses);

/** Runs a command line, and expects its exit code. */
async function run(line: string, code: number, settings: Environment): Promise<Ended> {
  const ended = await runCommand(line.split(' '), settings, folder);
  expect(`${line}: ${ended.code}\n${ended.code === code ? '' : ended.stdout + ended.stderr}`).toBe(
    `${line}: ${code}\n`,
  );
  return ended;
}

describe('without a database', () => {
  test('help names every command and its options', async () => {
    const { stdout, stderr } = await run('help', 0, {});
    for (const name of ['migrate', 'seed', 'admin create', 'doctor', '--email', '--name', '--password']) {
      expect(stdout).toContain(name);
    }
    expect(stderr).toBe('');
  });

  test('what it does not understand ends with code 2 and a sentence, before anything is touched', async () => {
    const unknown = await run('frobnicate now', 2, {});
    expect(unknown.stderr).toMatch(/^There is no command "frobnicate now"\.\n\n.*Usage: pnpm evently <command>/s);
    expect((await run('migrate --fast', 2, {})).stderr).toMatch(/^evently migrate: Unknown option '--fast'/);
    expect((await run('admin create', 2, {})).stdout).toMatch(/^Name an e-mail address/);
    const short = await run('admin create --email a@example.com --password short', 2, {});
    expect(short.stdout).toBe('The password must have 10 to 200 characters.\n');
    expect((await run('migrate', 1, { PORT: 'http' })).stderr).toMatch(/^The settings do not fit:\n {2}PORT must be/);
  });

  test('doctor says in a sentence that the database cannot be reached', async () => {
    const url = `postgres://nobody@127.0.0.1:${await findFreePort()}/evently`;
    const { stdout, stderr } = await run('doctor', 1, { DATABASE_URL: url, PORT: String(await findFreePort()) });
    expect(stdout).toContain('✗ Nobody answers at 127.0.0.1: is the Postgres of DATABASE_URL running?\n');
    expect(stdout).toContain('1 to mend.');
    expect(stderr).toBe('');
  });
});

describe('over an external Postgres', () => {
  let settings: Environment;
  let database: TestDatabase;
  let name: string;
  /** Nothing in it, not even tables. */
  beforeEach(async () => {
    database = await createTestDatabase(1);
    name = `commands_${randomUUID()}`;
    await sql`CREATE DATABASE ${sql.id(name)}`.execute(database.db);
    settings = { DATABASE_URL: withDatabase(database.url, name), PORT: String(await findFreePort()) };
  });
  afterEach(async () => {
    await sql`DROP DATABASE ${sql.id(name)} WITH (FORCE)`.execute(database.db);
    await database[Symbol.asyncDispose]();
  });

  test('migrate brings an empty database up to date, once, and doctor knows before and after', async () => {
    const before = await run('doctor', 0, settings);
    expect(before.stdout).toMatch(/! migrations to run, .*: 0001-accounts, .*\n/);
    expect((await run('migrate', 0, settings)).stdout).toMatch(/Applied 0001-accounts, .*\.\n$/);
    expect((await run('migrate', 0, settings)).stdout).toMatch(/There was nothing to do\.\n$/);
    const after = await run('doctor', 0, settings);
    expect(after.stdout).toContain('✓ the database is up to date\n');
    expect(after.stdout).toContain('All is in order.');
  });

  test('doctor finds a port that another program has taken', async () => {
    await using other = await listenSomewhere();
    const { stdout } = await run('doctor', 1, { ...settings, PORT: String(other.port) });
    expect(stdout).toContain(`✗ port ${other.port} of 127.0.0.1 is taken by another program: set PORT`);
  });

  test('seed makes the sample events and their admin; a second time there are as many', async () => {
    const first = await run('seed', 0, settings);
    expect(first.stdout).toMatch(
      /The first admin was made: admin@evently\.local, password \S+ \(shown this once\)\.\n/,
    );
    const second = await run('seed', 0, settings);
    const [counts] = /There are \d+ sample events with \d+ shows at \d+ venues\./.exec(first.stdout)!;
    expect(second.stdout).toContain(counts);
    expect(second.stdout).not.toContain('password');
    const db = createDatabase({ url: settings.DATABASE_URL!, poolSize: 1 });
    const { rows } = await sql<{
      counts: string;
    }>`SELECT format('There are %s sample events with %s shows at %s venues.',
      (SELECT count(*) FROM events), (SELECT count(*) FROM shows), (SELECT count(*) FROM venues)) AS counts`.execute(
      db,
    );
    expect(rows[0]!.counts).toBe(counts);
    await db.destroy();
  });
});

describe('over the embedded Postgres', () => {
  let settings: Environment;
  let running: RunningServer | null = null;
  beforeAll(async () => {
    settings = { ...known, DATA_DIR: path.join(folder, 'data'), PORT: String(await findFreePort()) };
  });
  async function serve(): Promise<RunningServer> {
    running = await startServer(settings, folder);
    return running;
  }
  afterEach(async () => {
    if (running) expect(await stopServer(running)).toMatchObject({ code: 0 });
    running = null;
    expect(processesNaming(folder)).toEqual([]);
  });

  test('a command alone starts it for as long as it takes, and leaves nothing running', async () => {
    const { stdout } = await run('admin create --email Boss@Example.com --name Boss', 0, settings);
    const [, password] = /^boss@example\.com may sign in as admin, password (\S+) \(shown this once\)\.$/m.exec(
      stdout,
    )!;
    expect(processesNaming(folder)).toEqual([]);

    const server = await serve();
    const boss = await signIn(server.url, { email: 'boss@example.com', password: password! });
    expect(await boss.auth.me({})).toMatchObject({ name: 'Boss', role: 'admin' });
  });

  test('beside a running server a command joins its Postgres and leaves it running', async () => {
    const server = await serve();
    const line = 'admin create --email second@example.com --password a-long-enough-one';
    expect((await run(line, 0, settings)).stdout).toMatch(/second@example\.com may sign in as admin\.\n$/);
    await signIn(server.url, { email: 'second@example.com', password: 'a-long-enough-one' });
    expect((await run(line, 1, settings)).stdout).toMatch(/There is an account for second@example\.com already; .*\n$/);

    const { stdout } = await run('doctor', 0, settings);
    for (const finding of ['Node 2', `DATA_DIR ${settings.DATA_DIR}, `, `a server answers at ${server.url}`]) {
      expect(stdout).toContain(`✓ ${finding}`);
    }
    expect(stdout).toMatch(/✓ the embedded Postgres, 1\d\.\d.*\n.*psql 'postgres.*'\n.*the database is up to date/);
    await signIn(server.url, admin);
  });
});
