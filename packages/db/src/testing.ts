import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { inject } from 'vitest';
import { createDatabase, type Db } from './client.ts';
import { withDatabase } from './urls.ts';

export interface TestDatabase extends AsyncDisposable {
  db: Db;
  url: string;
}

// Postgres copies a template only while nobody is connected to it, and two copies of one template exclude each other briefly.
const MAX_TRIES = 200;

/**
 * A database of one's own, cloned from the migrated template, on the real Postgres that the test run started.
 * Dropped when disposed.
 *
 * @param poolSize connections of `db`; races want as many as they have rivals.
 */
export async function createTestDatabase(poolSize = 10): Promise<TestDatabase> {
  const server = inject('testServerUrl');
  const name = `test_${randomBytes(8).toString('hex')}`;
  const admin = createDatabase({ url: withDatabase(server, 'postgres'), poolSize: 1, limits: 'none' });
  for (let attempt = 1; ; attempt += 1) {
    try {
      await sql`CREATE DATABASE ${sql.id(name)} TEMPLATE evently`.execute(admin);
      break;
    } catch (error) {
      if (attempt === MAX_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
  const url = withDatabase(server, name);
  const db = createDatabase({ url, poolSize });
  return {
    db,
    url,
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await sql`DROP DATABASE ${sql.id(name)} WITH (FORCE)`.execute(admin);
      await admin.destroy();
    },
  };
}
