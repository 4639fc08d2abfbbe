import { closeSync, openSync, renameSync, writeSync } from 'node:fs';

/** What Postgres says, in a file of bounded size. */
export interface ServerLog {
  readonly file: string;
  write(chunk: Buffer): void;
}

/** With the previous file beside it, at most twice as much is on disk. */
const FILE_LIMIT_BYTES = 1024 * 1024;

/** Opens an empty log and keeps the previous one as `<file>.old`, where the reason of a crash may still be read. */
export function openServerLog(file: string): ServerLog {
  let handle = openFresh(file);
  let written = 0;
  return {
    file,
    write(chunk) {
      try {
        if (written > FILE_LIMIT_BYTES) {
          closeSync(handle);
          handle = openFresh(file);
          written = 0;
        }
        written += writeSync(handle, chunk);
      } catch {
        // A full disk must not end the guard, whose end would end Postgres.
      }
    },
  };
}

function openFresh(file: string): number {
  try {
    renameSync(file, `${file}.old`);
  } catch {
    // The first start has no previous log.
  }
  return openSync(file, 'w', 0o600);
}
