/** Help for tests in which a process dies in the middle of its work. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@evently/db/client';
import { killAll, waitUntilGone } from '@evently/db/embedded/test-clusters';
import { sql } from 'kysely';
import type { TestProcess } from './test-process.ts';

/** Kills a process (SIGKILL), and lets its jobs be tried again at once. @param db the only database that it worked for */
export async function crash(process: TestProcess, db: Db): Promise<void> {
  const family = process.family();
  killAll(family);
  await waitUntilGone(family);
  await giveUpJobs(db);
}

/** What pg-boss does minutes after a process died: it tries again what that had begun. Recurring jobs come round by themselves. */
async function giveUpJobs(db: Db): Promise<void> {
  // What the process sent last, Postgres may still be about.
  while ((await countConnections(db)) > 0) await sleep(5);
  await sql`
    UPDATE pgboss.job SET state = CASE WHEN retry_count < retry_limit THEN 'retry' ELSE 'cancelled' END::pgboss.job_state,
      start_after = now()
    WHERE state = 'active'`.execute(db);
}

async function countConnections(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'evently-jobs'`.execute(db);
  return rows[0]!.count;
}
