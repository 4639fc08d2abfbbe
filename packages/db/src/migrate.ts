import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';
import type { Db } from './client.ts';
import * as accounts from './migrations/0001-accounts.ts';
import * as catalogue from './migrations/0002-catalogue.ts';
import * as inventory from './migrations/0003-inventory.ts';
import * as payments from './migrations/0004-payments.ts';
import * as historyWithoutChecks from './migrations/0005-history-without-checks.ts';
import * as waitingRoom from './migrations/0006-waiting-room.ts';
import * as waitlist from './migrations/0007-waitlist.ts';
import * as cancellationPolicies from './migrations/0008-cancellation-policies.ts';

/** In order, forward only. A migration that has been released is never edited; the next one corrects it. */
const migrations: Record<string, Migration> = {
  '0001-accounts': accounts,
  '0002-catalogue': catalogue,
  '0003-inventory': inventory,
  '0004-payments': payments,
  '0005-history-without-checks': historyWithoutChecks,
  '0006-waiting-room': waitingRoom,
  '0007-waitlist': waitlist,
  '0008-cancellation-policies': cancellationPolicies,
};

const provider: MigrationProvider = { getMigrations: async () => migrations };

/**
 * Brings the database up to date and answers the names of the migrations that ran, none when it already was. Processes
 * that start together wait for each other: the migrator holds an advisory lock, so the connection must be a direct one
 * (a pooler in transaction mode would lose the lock between statements).
 *
 * @throws the first migration's own error; everything is rolled back then.
 */
export async function migrate(db: Db): Promise<string[]> {
  const { error, results } = await new Migrator({ db, provider }).migrateToLatest();
  if (error) throw error;
  return (results ?? []).filter((result) => result.status === 'Success').map((result) => result.migrationName);
}

/** The names of the migrations that have not run on this database yet. */
export async function findPendingMigrations(db: Db): Promise<string[]> {
  const all = await new Migrator({ db, provider }).getMigrations();
  return all.filter((migration) => migration.executedAt === undefined).map((migration) => migration.name);
}
