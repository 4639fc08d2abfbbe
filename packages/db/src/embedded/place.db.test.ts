import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { findBinaries, programOf, reachableBinaries } from './binaries.ts';
import { nameOfPath, placeCluster, SHELTER } from './place.ts';
import { allows, asUser, findBlockingFolder, findNobody, SEARCH } from './service-user.ts';
import { startEmbeddedPostgres } from './start.ts';
import {
  AS_ROOT,
  cleanUp,
  makeFolder,
  onCleanUp,
  query,
  refusalOf,
  startElsewhere,
  startHere,
} from './test-clusters.ts';

afterEach(cleanUp);

/** A folder like /root: only its owner may enter. */
function makeHome(): string {
  const home = path.join(makeFolder(), 'home');
  mkdirSync(home, { mode: 0o700 });
  return home;
}

/** What makes a folder count as a cluster when its place is chosen. */
function pretendCluster(directory: string): void {
  mkdirSync(path.join(directory, 'data'), { recursive: true });
  writeFileSync(path.join(directory, 'data', 'PG_VERSION'), '18\n');
  chownSync(path.join(directory, 'data'), findNobody().uid, findNobody().gid);
}

test('an ordinary user keeps the cluster where it was wanted, closed to others', async ({ skip }) => {
  const user = findNobody();
  // The checkout itself has to be reachable for the other user; under /root it is not.
  if (AS_ROOT) skip(findBlockingFolder(import.meta.dirname, user) !== undefined, 'only root can reach this checkout');
  const home = makeHome();
  if (AS_ROOT) chownSync(home, user.uid, user.gid);
  const postgres = await startElsewhere(path.join(home, 'postgres'), AS_ROOT ? user : undefined);
  expect(postgres.directory).toBe(path.join(home, 'postgres'));
  expect(await query(postgres.url, 'SELECT current_user AS name')).toEqual([{ name: 'evently' }]);
  expect(statSync(postgres.directory).mode & 0o777).toBe(0o700);
  if (AS_ROOT) {
    expect(statSync(path.join(postgres.directory, 'data')).uid).toBe(user.uid);
    postgres.owner.kill('SIGKILL');
    expect(await refusalOf(startEmbeddedPostgres({ directory: postgres.directory }))).toBe(
      `The folder ${postgres.directory} belongs to user ${user.uid}, but Evently runs as user 0: start it as that user, or choose another DATA_DIR.`,
    );
  }
});

describe.runIf(AS_ROOT)('started by root', () => {
  test('data wanted where nobody cannot go is kept in the shelter, and found there again', async () => {
    const home = makeHome();
    const wanted = path.join(home, 'postgres');
    const sheltered = path.join(SHELTER, nameOfPath(wanted));
    onCleanUp(() => rmSync(sheltered, { recursive: true, force: true }));
    const first = await startHere(wanted);
    expect(first.directory).toBe(sheltered);
    expect(readlinkSync(wanted)).toBe(sheltered);
    expect(readFileSync(path.join(sheltered, 'wanted-at'), 'utf8')).toBe(`${wanted}\n`);
    await query(first.url, 'CREATE TABLE seat AS SELECT 7 AS number');
    await first.stop();
    const second = await startHere(wanted);
    expect(await query(second.url, 'SELECT number FROM seat')).toEqual([{ number: 7 }]);
  });

  test('a shelter in use stays in use when its sign is lost and the wanted folder becomes reachable', () => {
    const [home, shelter] = [makeHome(), path.join(makeFolder(), 'shelter')];
    const wanted = path.join(home, 'postgres');
    const { directory } = placeCluster(wanted, shelter);
    expect(path.dirname(directory)).toBe(shelter);
    pretendCluster(directory);
    rmSync(wanted);
    chmodSync(home, 0o755);
    expect(placeCluster(wanted, shelter).directory).toBe(directory);
  });

  test('a moved checkout still leads to its sheltered cluster', () => {
    const [home, shelter] = [makeHome(), path.join(makeFolder(), 'shelter')];
    const { directory } = placeCluster(path.join(home, 'postgres'), shelter);
    const moved = makeHome();
    execFileSync('mv', [path.join(home, 'postgres'), moved]);
    expect(placeCluster(path.join(moved, 'postgres'), shelter).directory).toBe(directory);
  });

  test('a cluster that becomes unreachable is not silently replaced by an empty one', () => {
    const [home, shelter] = [makeHome(), path.join(makeFolder(), 'shelter')];
    chmodSync(home, 0o755);
    const wanted = path.join(home, 'postgres');
    expect(placeCluster(wanted, shelter).directory).toBe(wanted);
    pretendCluster(wanted);
    chmodSync(home, 0o700);
    expect(() => placeCluster(wanted, shelter)).toThrow(
      `who cannot pass through ${home}: allow it (chmod o+x ${home})`,
    );
  });

  test('a folder or a link that another user laid in our place is refused', () => {
    const [home, shelter, elsewhere] = [makeHome(), path.join(makeFolder(), 'shelter'), makeFolder()];
    const wanted = path.join(home, 'postgres');
    const sheltered = path.join(shelter, nameOfPath(wanted));
    mkdirSync(shelter);
    symlinkSync(elsewhere, sheltered);
    expect(() => placeCluster(wanted, shelter)).toThrow('should be a folder for the embedded Postgres, but it is none');
    rmSync(sheltered);
    mkdirSync(sheltered);
    chownSync(sheltered, 54_321, 54_321);
    expect(() => placeCluster(wanted, shelter)).toThrow(`The folder ${sheltered} belongs to user 54321`);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test('programs that nobody cannot reach are copied once, completely, and again when the copy is damaged', () => {
    const [root, user] = [path.join(makeHome(), 'native'), findNobody()];
    const shelter = path.join(makeFolder(tmpdir()), 'shelter');
    // An installation in small, as a strict umask leaves it.
    for (const name of ['bin', 'lib/pkgconfig', 'share/zone'])
      mkdirSync(path.join(root, name), { recursive: true, mode: 0o700 });
    for (const name of ['bin/initdb', 'bin/postgres'])
      writeFileSync(path.join(root, name), '#!/bin/sh\ncd "$(dirname "$0")/.." && cat lib/a.so share/zone/UTC\n', {
        mode: 0o700,
      });
    for (const name of ['lib/a.so.1', 'lib/a.a', 'lib/pkgconfig/a.pc', 'share/zone/UTC'])
      writeFileSync(path.join(root, name), name, { mode: 0o600 });
    symlinkSync('a.so.1', path.join(root, 'lib', 'a.so'));
    const binaries = { root, version: '18.0.0', major: '18' };
    const copy = reachableBinaries(binaries, user, shelter);
    const run = (): string =>
      execFileSync(programOf(copy, 'postgres'), { ...asUser(user), cwd: '/', encoding: 'utf8' });
    expect(path.dirname(copy.root)).toBe(shelter);
    expect(run()).toBe('lib/a.so.1share/zone/UTC');
    expect(readdirSync(path.join(copy.root, 'lib')).sort()).toEqual(['a.so', 'a.so.1']);
    const born = statSync(copy.root).ino;
    expect(statSync(reachableBinaries(binaries, user, shelter).root).ino).toBe(born);
    truncateSync(path.join(copy.root, 'lib', 'a.so.1'), 0);
    expect(reachableBinaries(binaries, user, shelter).root).toBe(copy.root);
    expect(run()).toBe('lib/a.so.1share/zone/UTC');
    expect(readdirSync(shelter)).toEqual([path.basename(copy.root)]);
    // The folder above is enough of an obstacle.
    execFileSync('chmod', ['-R', 'go+rX', root]);
    expect(reachableBinaries(binaries, user, shelter).root).toBe(copy.root);
  });

  test('programs within reach are used where they are', () => {
    const packaged = findBinaries();
    const shelter = path.join(makeFolder(), 'shelter');
    const isReachable = findBlockingFolder(packaged.root, findNobody()) === undefined;
    expect(reachableBinaries(packaged, findNobody(), shelter).root === packaged.root).toBe(isReachable);
    expect(existsSync(shelter)).toBe(!isReachable);
  });

  test('permission is judged by the digit that counts for the user', () => {
    const folder = makeHome();
    chownSync(folder, 54_321, 54_322);
    chmodSync(folder, 0o701);
    expect(lstatSync(folder).mode & 0o777).toBe(0o701);
    expect(allows(folder, { uid: 54_321, gid: 1 }, SEARCH)).toBe(true);
    expect(allows(folder, { uid: 1, gid: 54_322 }, SEARCH)).toBe(false);
    expect(allows(folder, { uid: 1, gid: 1 }, SEARCH)).toBe(true);
  });
});
