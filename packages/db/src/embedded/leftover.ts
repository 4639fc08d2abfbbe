import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Binaries } from './binaries.ts';
import { dataFolder, type Place, socketFolder } from './place.ts';
import { readPostmasterPid, stopStrange } from './postmaster.ts';

/**
 * Removes what an earlier run left behind: a server whose guard was killed, files that name processes long gone. Needs
 * the cluster's lock, which says that whatever is found belongs to nobody.
 *
 * @throws Error with a sentence for the operator when an abandoned server does not end.
 */
export async function clearLeftover(place: Place, binaries: Binaries): Promise<void> {
  // On Windows Postgres itself can tell one of its own from a stranger with the same number.
  if (process.platform === 'win32') return;
  const pid = readPostmasterPid(place);
  if (pid !== undefined && isServerOf(pid, place) && !(await stopStrange(pid, binaries))) {
    throw new Error(
      `A Postgres from an earlier run (process ${pid}) still uses ${dataFolder(place)} and does not end: end it by hand.`,
    );
  }
  // The number may be a stranger's by now, whom Postgres would take for a running server; in a container it may even be
  // that of the server we are about to start, which would look ready at once. Should a backend of the old server still be
  // busy, its shared memory, found by the number of the folder, keeps the new server from starting.
  rmSync(path.join(dataFolder(place), 'postmaster.pid'), { force: true });
  // The socket's own lock file has the same weakness.
  for (const name of readdirSync(socketFolder(place))) {
    if (name.startsWith('.s.PGSQL.')) rmSync(path.join(socketFolder(place), name), { force: true });
  }
}

/** Whether the process is a Postgres that works on this very data. */
function isServerOf(pid: number, place: Place): boolean {
  const command = readCommand(pid);
  return command.includes('postgres') && command.includes(`-D ${dataFolder(place)} `);
}

/** The command line of a process, or nothing when there is no such process. */
function readCommand(pid: number): string {
  if (process.platform !== 'linux') {
    return spawnSync('/bin/ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
  }
  try {
    // Not /proc/<pid>/cwd: in a container root may lack the right to look at what another user's process has open.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
