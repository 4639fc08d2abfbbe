import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@evently/db/client';
import { sql } from 'kysely';
import type { Stage } from '../scenario.ts';

export interface Confirmations {
  /** Waits until the server is done with what it is at, and drops what it has not begun. */
  calm: () => Promise<void>;
  /** How many bookings were not confirmed by mail when their phase ended, and dropped. */
  dropped: () => number;
}

const QUEUE = 'send-confirmations';
/** One fetch of the worker takes some thousand mails; longer than this is not waited for them. */
const PATIENCE_MS = 20_000;
const LOOK_AGAIN_MS = 100;

/**
 * The server mails every buyer, at the same time as it sells and more slowly. While a phase is measured it does so, and
 * pays for it. The backlog that is left must not slow the other side down in its turn, so between phases it is dropped;
 * the report says how large it was.
 */
export function createConfirmations(stage: Stage, db: Db): Confirmations {
  let dropped = 0;

  async function drop(): Promise<void> {
    const { rows } = await sql<{ bookings: number }>`
      DELETE FROM pgboss.job WHERE name = ${QUEUE} AND state IN ('created', 'retry')
      RETURNING jsonb_array_length(data::jsonb -> 'bookingIds') AS bookings`.execute(db);
    dropped += rows.reduce((sum, { bookings }) => sum + bookings, 0);
  }

  async function isWorking(): Promise<boolean> {
    const { rows } = await sql<{ active: boolean }>`
      SELECT EXISTS (SELECT FROM pgboss.job WHERE name = ${QUEUE} AND state = 'active') AS active`.execute(db);
    return rows[0]?.active === true;
  }

  return {
    dropped: () => dropped,
    async calm() {
      stage.progress.show('Wait for the mails under way');
      const deadline = performance.now() + PATIENCE_MS;
      await drop();
      while ((await isWorking()) && performance.now() < deadline) {
        await sleep(LOOK_AGAIN_MS, undefined, { signal: stage.signal });
        await drop();
      }
    },
  };
}
