import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** The unprivileged user that Postgres runs as when we are root, because Postgres refuses to run as root. */
export interface ServiceUser {
  readonly uid: number;
  readonly gid: number;
}

/** Permission bits as in one digit of a file's mode. */
export const SEARCH = 0o1;
export const READ = 0o4;

const NOBODY: ServiceUser = { uid: 65534, gid: 65534 };

/** Whether we are root and have to hand Postgres to another user. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The system's `nobody`; its usual number where the system has no line for it. */
export function findNobody(): ServiceUser {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((entry) => entry.startsWith('nobody:'));
    const [, , uid, gid] = line?.split(':') ?? [];
    // macOS writes -2, which the kernel and `stat` report as an unsigned number.
    if (uid && gid && Number(uid) !== 0) return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
  } catch {
    // A minimal container may have no user list at all; the number below works there too.
  }
  return NOBODY;
}

/** The part of spawn's options that switches the user. */
export function asUser(user: ServiceUser | undefined): { uid?: number; gid?: number } {
  // `spawn` takes signed numbers only; `| 0` turns macOS's 4294967294 back into -2.
  return user ? { uid: user.uid | 0, gid: user.gid | 0 } : {};
}

/** Whether the mode bits give `user` the wanted permission. Access lists are not looked at: a denial only costs a detour. */
export function allows(file: string, user: ServiceUser, wanted: number): boolean {
  const { uid, gid, mode } = statSync(file);
  const bits = uid === user.uid ? mode >> 6 : gid === user.gid ? mode >> 3 : mode;
  return (bits & wanted) === wanted;
}

/** The topmost folder on the way to and including `folder` that `user` may not search, or undefined when the way is free. */
export function findBlockingFolder(folder: string, user: ServiceUser): string | undefined {
  const way = [folder];
  for (let at = folder; at !== path.dirname(at); ) {
    at = path.dirname(at);
    way.unshift(at);
  }
  return way.find((step) => !allows(step, user, SEARCH));
}
