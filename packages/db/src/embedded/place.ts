import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { findBlockingFolder, findNobody, isRoot, type ServiceUser } from './service-user.ts';

/**
 * Where root keeps what `nobody` could not reach elsewhere. Not /var/tmp: systemd removes files there that were not
 * touched for 30 days, and a table that nobody reads for a month must not lose its file. Only root can write here, too.
 */
export const SHELTER = '/var/lib/evently';

/**
 * The folder of one embedded Postgres and the user it runs as.
 *
 * The folder itself belongs to whoever started Evently and holds the lock, the log and the password; `data` and
 * `socket` in it belong to the user that Postgres runs as. So Postgres, if it were ever taken over, could put no
 * symbolic link in the way of a file that root writes.
 */
export interface Place {
  /** With all links followed, so that one cluster has one name. */
  readonly directory: string;
  /** Undefined: Postgres runs as the user that we are. */
  readonly user: ServiceUser | undefined;
}

export function dataFolder(place: { readonly directory: string }): string {
  return path.join(place.directory, 'data');
}

export function socketFolder(place: { readonly directory: string }): string {
  return path.join(place.directory, 'socket');
}

/** A short name that stays the same for the same path. */
export function nameOfPath(file: string): string {
  return createHash('sha256').update(file).digest('hex').slice(0, 16);
}

/**
 * Finds the folder for the cluster that `asked` stands for, makes it and checks who owns it. The same `asked` leads to
 * the same cluster on every start.
 *
 * @param asked absolute path of the wanted folder, for example `<DATA_DIR>/postgres`.
 * @throws Error with a sentence for the operator when the folder cannot be used.
 */
export function placeCluster(asked: string, shelter = SHELTER): Place {
  const wanted = resolveFolder(asked);
  const place = isRoot() ? placeAsRoot(wanted, shelter) : { directory: wanted, user: undefined };
  // As root: others may pass through to `data` and `socket`, which are closed to them, but may not look around.
  makeOwnFolder(place.directory, place.user ? 0o711 : 0o700);
  checkDataOwner(place);
  makeSocketFolder(place);
  if (place.directory !== wanted) leaveSign(wanted, place.directory);
  return place;
}

/** The path with its links followed; the folder itself need not exist, the way to it is made. */
function resolveFolder(asked: string): string {
  mkdirSync(path.dirname(asked), { recursive: true });
  const wanted = path.join(realpathSync(path.dirname(asked)), path.basename(asked));
  if (!lstatSync(wanted, { throwIfNoEntry: false })?.isSymbolicLink()) return wanted;
  const target = path.resolve(path.dirname(wanted), readlinkSync(wanted));
  return existsSync(target) ? realpathSync(target) : target;
}

/** An existing cluster is preferred to a new one: a permission that was changed somewhere must not look like an empty database. */
function placeAsRoot(wanted: string, shelter: string): Place {
  const inPlace = { directory: wanted, user: findUser(wanted) };
  const sheltered = path.join(shelter, nameOfPath(wanted));
  const blocking = findBlockingFolder(path.dirname(wanted), inPlace.user);
  if (hasCluster(wanted) && blocking !== undefined) {
    throw new Error(
      `The embedded Postgres in ${wanted} runs as user ${inPlace.user.uid}, who cannot pass through ${blocking}: ` +
        `allow it (chmod o+x ${blocking}), or start Evently as an ordinary user.`,
    );
  }
  if (hasCluster(wanted) || (blocking === undefined && !hasCluster(sheltered))) return inPlace;
  makeOwnFolder(shelter, 0o711);
  return { directory: sheltered, user: findUser(sheltered) };
}

function hasCluster(directory: string): boolean {
  return existsSync(path.join(dataFolder({ directory }), 'PG_VERSION'));
}

/** Who Postgres runs as: the owner of existing data, because Postgres insists on owning it, or else `nobody`. */
function findUser(directory: string): ServiceUser {
  const data = lstatSync(dataFolder({ directory }), { throwIfNoEntry: false });
  return data && data.uid !== 0 ? { uid: data.uid, gid: data.gid } : findNobody();
}

/**
 * Makes a folder of our own, or takes an existing one if it really is ours: a folder or link that another user laid
 * there beforehand would let them read or replace what we write.
 */
export function makeOwnFolder(folder: string, mode: number): void {
  mkdirSync(folder, { recursive: true, mode });
  const found = lstatSync(folder);
  if (!found.isDirectory()) throw new Error(`${folder} should be a folder for the embedded Postgres, but it is none.`);
  if (!process.getuid) return;
  if (found.uid !== process.getuid()) {
    throw new Error(
      `The folder ${folder} belongs to user ${found.uid}, but Evently runs as user ${process.getuid()}: ` +
        'start it as that user, or choose another DATA_DIR.',
    );
  }
  chmodSync(folder, mode);
}

function checkDataOwner(place: Place): void {
  const data = dataFolder(place);
  const found = lstatSync(data, { throwIfNoEntry: false });
  if (!found || !process.getuid) return;
  if (!found.isDirectory()) throw new Error(`${data} should be a folder with the data of Postgres, but it is none.`);
  const owner = place.user?.uid ?? process.getuid();
  if (found.uid === owner) return;
  throw new Error(
    `The data in ${data} belongs to user ${found.uid}, but Postgres would run as user ${owner}: ` +
      `give it to that user (chown -R ${owner} ${data}), or choose another DATA_DIR.`,
  );
}

function makeSocketFolder(place: Place): void {
  const folder = socketFolder(place);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!process.getuid) return;
  chmodSync(folder, 0o700);
  if (place.user) chownSync(folder, place.user.uid, place.user.gid);
}

/** A link at the wanted place shows where the data is, and keeps leading to it when the checkout is moved; a note shows the way back. */
function leaveSign(wanted: string, directory: string): void {
  try {
    writeFileSync(path.join(directory, 'wanted-at'), `${wanted}\n`, { mode: 0o600 });
    if (lstatSync(wanted, { throwIfNoEntry: false })?.isDirectory()) rmdirSync(wanted);
    symlinkSync(directory, wanted);
  } catch {
    // Signs only: the name of the sheltered folder follows from the wanted path, with or without it.
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
