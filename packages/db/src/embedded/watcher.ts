import { spawn } from 'node:child_process';
import type { Place } from './place.ts';
import { asUser } from './service-user.ts';

/** A second pair of eyes. */
export interface Watcher {
  /** Tells it that Postgres is gone; resolves when the watcher is, too. */
  dismiss(): Promise<void>;
}

/**
 * `read` fails at end of file, that is when the guard is gone without a word. The rest is the guard's own way of ending
 * Postgres: fast, and after ten seconds at once.
 */
const SCRIPT = `
trap '' INT TERM HUP QUIT
read -r word && exit 0
kill -INT "$1" || exit 0
for second in 1 2 3 4 5 6 7 8 9 10; do
  sleep 1
  kill -0 "$1" || exit 0
done
kill -QUIT "$1"
`;

/**
 * Ends Postgres should the guard itself be killed (as by `pkill -9 node`, which takes the guard along with the server).
 * A shell is small, is there on every Unix, and is not called node.
 */
export function watchGuard(postmasterPid: number, place: Place): Watcher {
  if (process.platform === 'win32') return { dismiss: async () => {} };
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'evently-postgres-watcher', String(postmasterPid)], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
    ...asUser(place.user),
  });
  const gone = new Promise<void>((resolve) => {
    // Without a watcher the next start still ends a server that was left behind.
    child.on('error', () => resolve());
    child.on('exit', () => resolve());
  });
  child.stdin.on('error', () => {});
  return {
    dismiss() {
      child.stdin.end('done\n');
      return gone;
    },
  };
}
