import { accessSync, constants, statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';

const MEMORY = '/dev/shm';
/** Several times what the databases of a whole run take. Most containers have 64 MB there. */
const ROOM_BYTES = 2 * 2 ** 30;

/**
 * The folder in which tests put data of Postgres: in memory where Linux has room there, because a database is hundreds of
 * files to make and to remove; else where temporary files are. What a killed process wrote is there afterwards in both.
 * Programs may not be allowed to run from it.
 */
export function findTestHome(): string {
  try {
    accessSync(MEMORY, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return Math.min(bavail * bsize, freemem()) >= ROOM_BYTES ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}
