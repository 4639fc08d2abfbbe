import { chmod, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { createDatabase } from './client.ts';
import { startEmbeddedPostgres } from './embedded/start.ts';
import { migrate } from './migrate.ts';
import { findTestHome } from './testing-folder.ts';
import { withDatabase } from './urls.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server that the tests share; its database `evently` is the migrated template. */
    testServerUrl: string;
  }
}

/**
 * One Postgres for a whole test run. Its default database is migrated once and then only copied: each test file works on
 * a clone of its own, so files run side by side and clean nothing up.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(path.join(findTestHome(), 'evently-test-'));
  // Started by root, Postgres runs as another user, who must get to its data.
  await chmod(directory, 0o755);
  const postgres = await startEmbeddedPostgres({
    directory: path.join(directory, 'postgres'),
    // Nothing that a test writes has to outlive the machine; tests of durability start a server of their own.
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' },
  });
  const template = createDatabase({ url: postgres.url, poolSize: 1, limits: 'none' });
  await migrate(template);
  await template.destroy();
  project.provide('testServerUrl', withDatabase(postgres.url, 'evently'));
  return async () => {
    await postgres.stop();
    await rm(postgres.directory, { recursive: true, force: true });
    await rm(directory, { recursive: true, force: true });
  };
}
