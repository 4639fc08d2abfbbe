import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createDatabase, type Db } from '@evently/db/client';
import { startEmbeddedPostgres } from '@evently/db/embedded/start';
import type { Settings } from './settings.ts';

/** A Postgres to work with: the one that the settings name, or the embedded one. */
export interface DatabaseServer {
  /** For requests; may be a pooler. */
  url: string;
  /** For migrations and jobs. */
  directUrl: string;
  /** Whether it is ours, in DATA_DIR. */
  embedded: boolean;
  stop: () => Promise<void>;
  /** Resolves with the reason when an embedded Postgres ends by itself; an external one is not watched. */
  failed: Promise<string>;
}

const never = new Promise<never>(() => undefined);
const addressFile = (settings: Settings) => path.join(settings.dataDir, 'postgres.address');

/**
 * Processes that share the work share a database: the embedded Postgres belongs to one process alone.
 *
 * @throws Error with a sentence for the operator
 */
export function checkRole({ role, databaseUrl }: Pick<Settings, 'role' | 'databaseUrl'>): void {
  if (role === 'all' || databaseUrl !== null) return;
  const rest = role === 'http' ? 'nobody would work off the jobs' : 'nobody would leave it any jobs';
  throw new Error(
    `ROLE is ${role}, but there is no DATABASE_URL: over an embedded Postgres ${rest}. Name a Postgres that the processes share, or leave ROLE out.`,
  );
}

/** @throws Error with a sentence for the operator */
export async function startDatabase(settings: Settings): Promise<DatabaseServer> {
  if (settings.databaseUrl !== null) {
    const url = settings.databaseUrl;
    return { url, directUrl: settings.databaseDirectUrl ?? url, embedded: false, stop: async () => {}, failed: never };
  }
  // Started by root, Postgres runs as another user, who must get through this folder to its own.
  await mkdir(settings.dataDir, { recursive: true, mode: 0o755 });
  const postgres = await startEmbeddedPostgres({ directory: path.join(settings.dataDir, 'postgres') });
  // Commands find the running Postgres by this; only the folder's owner may read it.
  await writeFile(addressFile(settings), postgres.url, { mode: 0o600 });
  return {
    url: postgres.url,
    directUrl: postgres.url,
    embedded: true,
    stop: async () => {
      await rm(addressFile(settings), { force: true });
      await postgres.stop();
    },
    failed: postgres.exited.then((exit) => (exit.asked ? never : exit.reason)),
  };
}

/**
 * For commands: the database of the server that runs over this DATA_DIR, or else one started for as long as the command
 * takes.
 */
export async function joinDatabase(settings: Settings): Promise<DatabaseServer> {
  if (settings.databaseUrl === null) {
    const url = await readFile(addressFile(settings), 'utf8').catch(() => null);
    if (url !== null && (await answers(url))) {
      return { url, directUrl: url, embedded: true, stop: async () => {}, failed: never };
    }
  }
  return await startDatabase(settings);
}

async function answers(url: string): Promise<boolean> {
  const db = createDatabase({ url, poolSize: 1 });
  try {
    await db.selectNoFrom((eb) => eb.val(1).as('one')).execute();
    return true;
  } catch {
    return false;
  } finally {
    await db.destroy();
  }
}

/** A handle for work that may take as long as it takes: migrations, seeding. */
export function openForLongWork(server: DatabaseServer): Db {
  return createDatabase({ url: server.directUrl, poolSize: 2, limits: 'none', applicationName: 'evently-command' });
}
