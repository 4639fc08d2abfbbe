import { setTimeout as sleep } from 'node:timers/promises';
import type { Db, Trx } from './client.ts';

const MAX_TRIES = 3;
const MAX_JITTER_MS = 40;

/** serialization_failure and deadlock_detected: the transaction did nothing, and trying again is what Postgres asks for. */
const RETRYABLE = new Set(['40001', '40P01']);

/** The SQLSTATE of an error that came from Postgres, or the system's code (`ECONNREFUSED` …) of one that came from the network. */
export function errorCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The constraint that an integrity error names. */
export function constraintOf(error: unknown): string | undefined {
  return error instanceof Error && 'constraint' in error && typeof error.constraint === 'string'
    ? error.constraint
    : undefined;
}

/** A wait of a few milliseconds that differs from caller to caller, so that those who collided do not collide again. */
export async function waitWithJitter(attempt: number): Promise<void> {
  await sleep(1 + Math.random() * MAX_JITTER_MS * attempt);
}

/**
 * Runs `fn` in one transaction: committed when it answers, rolled back when it throws. Serialization failures and
 * deadlocks are tried again, three times in all, so `fn` must be free of effects outside the transaction.
 */
export async function inTransaction<T>(db: Db, fn: (trx: Trx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute(fn);
    } catch (error) {
      if (attempt >= MAX_TRIES || !RETRYABLE.has(errorCodeOf(error) ?? '')) throw error;
      await waitWithJitter(attempt);
    }
  }
}

/**
 * SQLSTATEs and system codes that say nothing about the request: a lock that took too long, a statement that was cancelled
 * for its length, a collision, a connection that broke or could not be had.
 */
const TRANSIENT = new Set([
  ...['40001', '40P01', '55P03', '57014', '57P01', '57P02', '57P03', '53300', '08000', '08003', '08006', '25P03'],
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOENT'],
]);
const LOST_CONNECTION =
  /terminat|timeout exceeded when trying to connect|Connection ended|not queryable|Client was closed/i;

/** Whether the same work may succeed a moment later, since it was the way to the database that failed, or its load. */
export function isTransient(error: unknown): boolean {
  const code = errorCodeOf(error);
  if (code !== undefined) return TRANSIENT.has(code);
  return error instanceof Error && LOST_CONNECTION.test(error.message);
}
