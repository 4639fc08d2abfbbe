/** A streaming replica for tests, made of a running cluster of ours. */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { findBinaries } from './binaries.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './start.ts';

/** Why no replica can be made here, in a phrase; null where one can. */
export function whyNoReplica(): string | null {
  if (process.platform === 'win32') return 'copies of data directories need cp -a';
  try {
    const { root } = findBinaries();
    // Some builds of the packages leave the receiver out.
    const receiver = ['lib/postgresql', 'lib'].some((folder) =>
      ['so', 'dylib'].some((ending) => existsSync(path.join(root, folder, `libpqwalreceiver.${ending}`))),
    );
    return receiver ? null : 'the embedded Postgres comes without its part for replicas';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Starts a hot standby of a primary in a folder that does not exist yet. There is no pg_basebackup in the packages; this
 * does what it does.
 *
 * @param settings of the replica's server
 */
export async function startReplica(
  primary: EmbeddedPostgres,
  directory: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<EmbeddedPostgres> {
  const from = path.join(primary.directory, 'data');
  const to = path.join(directory, 'data');
  mkdirSync(directory, { recursive: true });
  const label = await whileBackedUp(primary.url, () => execFileSync('cp', ['-a', from, to]));
  rmSync(path.join(to, 'postmaster.pid'), { force: true });
  const owner = statSync(from);
  for (const [name, text] of Object.entries({ backup_label: label, 'standby.signal': '' })) {
    const file = path.join(to, name);
    writeFileSync(file, text, { mode: 0o600 });
    if (process.getuid?.() === 0) chownSync(file, owner.uid, owner.gid);
  }
  return await startEmbeddedPostgres({ directory, settings: { ...settings, primary_conninfo: primary.url } });
}

/** Answers the label of the backup, which says where replaying has to begin. */
async function whileBackedUp(url: string, copy: () => void): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("SELECT pg_backup_start('replica', true)");
    copy();
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    return rows[0]?.labelfile ?? '';
  } finally {
    await client.end();
  }
}
