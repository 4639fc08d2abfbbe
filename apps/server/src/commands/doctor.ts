import { access, constants, mkdir, statfs } from 'node:fs/promises';
import net from 'node:net';
import { findPendingMigrations } from '@evently/db/migrate';
import { sql } from 'kysely';
import pc from 'picocolors';
import { type DatabaseServer, joinDatabase, openForLongWork } from '../database.ts';
import { explain } from '../explain.ts';
import type { Settings } from '../settings.ts';
import type { Command } from './command.ts';

interface Finding {
  verdict: 'good' | 'notice' | 'bad';
  what: string;
}

const good = (what: string): Finding => ({ verdict: 'good', what });
const notice = (what: string): Finding => ({ verdict: 'notice', what });
const bad = (what: string): Finding => ({ verdict: 'bad', what });

const MARKS = { good: pc.green('✓'), notice: pc.yellow('!'), bad: pc.red('✗') };
const LEAST_NODE = 22;
const LEAST_POSTGRES = 150_000;
const LEAST_FREE_BYTES = 500 * 1024 ** 2;

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'look whether everything is in order, and say what to do where it is not',
  options: {},
  async run({ settings, print }) {
    const findings: Finding[] = [examineNode(), await examineFolder(settings), await examinePort(settings)];
    findings.push(...(await examineDatabase(settings)));
    for (const { verdict, what } of findings) print(`  ${MARKS[verdict]} ${what}`);
    const failed = findings.filter(({ verdict }) => verdict === 'bad').length;
    print(failed === 0 ? '\n  All is in order.' : `\n  ${failed} to mend.`);
    return failed === 0 ? 0 : 1;
  },
};

function examineNode(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= LEAST_NODE) return good(`Node ${process.versions.node}`);
  return bad(`Node ${process.versions.node} is too old: run through pnpm, which brings its own`);
}

async function examineFolder({ dataDir }: Settings): Promise<Finding> {
  try {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.W_OK);
    const { bavail, bsize } = await statfs(dataDir);
    const gigabytes = `${((bavail * bsize) / 1024 ** 3).toFixed(1)} GiB free`;
    if (bavail * bsize < LEAST_FREE_BYTES)
      return bad(`DATA_DIR ${dataDir}: only ${gigabytes}; Postgres stops when it is full`);
    return good(`DATA_DIR ${dataDir}, ${gigabytes}`);
  } catch (error) {
    return bad(`DATA_DIR ${dataDir} cannot be written to: ${explain(error)}`);
  }
}

async function examinePort({ host, port, publicUrl }: Settings): Promise<Finding> {
  const health = await fetch(`${publicUrl}/health`, { signal: AbortSignal.timeout(3000) }).catch(() => null);
  if (health?.headers.has('x-request-id')) {
    return health.ok
      ? good(`a server answers at ${publicUrl}`)
      : bad(`the server at ${publicUrl} says it is not healthy`);
  }
  const free = await new Promise<boolean>((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host, port }, () => probe.close(() => resolve(true)));
  });
  if (free) return notice(`no server runs at ${publicUrl}; port ${port} is free for one`);
  return bad(`port ${port} of ${host} is taken by another program: set PORT to another number`);
}

async function examineDatabase(settings: Settings): Promise<Finding[]> {
  let server: DatabaseServer;
  try {
    server = await joinDatabase(settings);
  } catch (error) {
    return [bad(explain(error))];
  }
  const db = openForLongWork(server);
  try {
    const { rows } = await sql<{ number: number; name: string }>`
      SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS name`.execute(
      db,
    );
    const { number = 0, name = '' } = rows[0] ?? {};
    const kind = server.embedded ? 'the embedded Postgres' : 'the Postgres of DATABASE_URL';
    const findings = [
      number >= LEAST_POSTGRES ? good(`${kind}, ${name}`) : bad(`${kind} is ${name}; it must be 15 or later`),
    ];
    if (server.embedded) findings.push(good(`to look inside while the server runs: psql '${server.url}'`));
    const pending = await findPendingMigrations(db);
    if (pending.length === 0) return [...findings, good('the database is up to date')];
    return [
      ...findings,
      notice(`migrations to run, by the next start or by pnpm evently migrate: ${pending.join(', ')}`),
    ];
  } catch (error) {
    return [bad(explain(error))];
  } finally {
    await db.destroy();
    await server.stop();
  }
}
