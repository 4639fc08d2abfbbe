import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type Binaries, programOf } from './binaries.ts';
import { dataFolder, messageOf, type Place } from './place.ts';
import { runTool } from './tool.ts';

/** The name of the database, and of the role that owns it. */
export const DATABASE = 'evently';

const UNFINISHED = 'data.new-';

/**
 * Makes sure that a cluster of our PostgreSQL is in place. Needs the cluster's lock.
 *
 * @throws Error with a sentence for the operator.
 */
export async function prepareCluster(place: Place, binaries: Binaries, signal: AbortSignal): Promise<void> {
  for (const name of readdirSync(place.directory)) {
    // Left over from a first start that was interrupted; the lock says that nobody works on it any more.
    if (name.startsWith(UNFINISHED)) rmSync(path.join(place.directory, name), { recursive: true, force: true });
  }
  const data = dataFolder(place);
  const versionFile = path.join(data, 'PG_VERSION');
  if (existsSync(versionFile)) {
    const version = readFileSync(versionFile, 'utf8').trim();
    if (version === binaries.major) return;
    throw new Error(
      `The data in ${data} belongs to PostgreSQL ${version}, but this Evently brings PostgreSQL ${binaries.major}: ` +
        `move it over with pg_upgrade or a dump, or set DATABASE_URL to a PostgreSQL ${version} server that holds it.`,
    );
  }
  if (existsSync(data) && readdirSync(data).length > 0) {
    throw new Error(
      `The folder ${data} is not empty, but holds no Postgres data: move it away, or choose another DATA_DIR.`,
    );
  }
  await createCluster(place, binaries, signal);
}

/** All of it happens in a folder beside; only a complete cluster with its database gets the right name. */
async function createCluster(place: Place, binaries: Binaries, signal: AbortSignal): Promise<void> {
  const fresh = mkdtempSync(path.join(place.directory, UNFINISHED));
  try {
    if (place.user) chownSync(fresh, place.user.uid, place.user.gid);
    await runTool({
      program: programOf(binaries, 'initdb'),
      args: initdbArguments(fresh),
      user: place.user,
      folder: place.directory,
      signal,
    });
    await runSql(fresh, place, binaries, `CREATE DATABASE ${DATABASE} OWNER ${DATABASE};`, signal);
    if (existsSync(dataFolder(place))) rmdirSync(dataFolder(place));
    renameSync(fresh, dataFolder(place));
    syncFolder(place.directory);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw new Error(`The embedded Postgres could not be set up in ${place.directory}: ${messageOf(error)}.`);
  }
}

function initdbArguments(folder: string): string[] {
  return [
    '--pgdata',
    folder,
    // The role is the cluster's superuser. Nobody else lives in this cluster that it could harm, it may create extensions
    // and test databases, and whoever connects as it could read the files anyway.
    '--username',
    DATABASE,
    // Only our user and root can enter the socket's folder; the TCP port is open to every process of the machine.
    '--auth-local=trust',
    '--auth-host=scram-sha-256',
    // The same order and the same letters on every machine, and no index that breaks with the system's next C library.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--encoding=UTF8',
    '--no-instructions',
  ];
}

/** Runs SQL without a server, one statement per line; the first error ends it. */
function runSql(folder: string, place: Place, binaries: Binaries, sql: string, signal: AbortSignal): Promise<void> {
  return runTool({
    program: programOf(binaries, 'postgres'),
    // Statements stay out of error messages, because one of them carries the password.
    args: ['--single', '-D', folder, '-c', 'exit_on_error=on', '-c', 'log_min_error_statement=panic', 'postgres'],
    user: place.user,
    folder: place.directory,
    input: `${sql}\n`,
    signal,
  });
}

/**
 * The password for connections over TCP. It is made when TCP is first needed, and again should its file get lost, so
 * that a cluster used over its socket has none that could leak.
 */
export async function ensurePassword(place: Place, binaries: Binaries, signal: AbortSignal): Promise<string> {
  const file = path.join(place.directory, 'password');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const password = randomBytes(24).toString('base64url');
  await runSql(dataFolder(place), place, binaries, `ALTER ROLE ${DATABASE} PASSWORD '${password}';`, signal);
  // The file appears last and at once: a start that is interrupted here makes another password.
  writeFileSync(`${file}.new`, `${password}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return password;
}

/** Makes a rename outlast a power cut. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
