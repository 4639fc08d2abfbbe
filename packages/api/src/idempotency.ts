import { hash } from 'node:crypto';
import type { Trx } from '@evently/db/client';
import { errorCodeOf } from '@evently/db/transaction';
import canonicalize from 'canonicalize';
import { ProblemError } from './problem.ts';

/** A fingerprint of a request: equal for equal requests, however their fields are ordered (RFC 8785, SHA-256). */
export function hashRequest(request: unknown): string {
  return hash('sha256', canonicalize(request) ?? '', 'hex');
}

export interface Creation {
  userId: string;
  /** As in `admin.events.create`: keys of different procedures never meet. */
  procedure: string;
  key: string | undefined;
  request: unknown;
  now: Date;
}

/**
 * Creates at most one thing per key. Answers its id: from `create`, or, when this user sent this key to this procedure
 * before, from the first time. While the first is still under way, the second waits for it. A failed creation forgets
 * its key with its transaction.
 *
 * @throws `idempotency_mismatch` when the key came with another request, `overloaded` when the first is under way for longer
 * than a lock may be waited for
 */
export async function createOnce(trx: Trx, creation: Creation, create: () => Promise<string>): Promise<string> {
  if (creation.key === undefined) return await create();
  const requestHash = hashRequest(creation.request);
  const row = {
    user_id: creation.userId,
    procedure: creation.procedure,
    key: creation.key,
    request_hash: requestHash,
    // Claims the key before the work is done; the real id follows below, in the same transaction.
    target_id: creation.userId,
    created_at: creation.now,
  };
  const claimed = await trx
    .insertInto('idempotency_keys')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
    .catch(refuseLongWait);
  const ofThisKey = { user_id: row.user_id, procedure: row.procedure, key: row.key };
  if (claimed.numInsertedOrUpdatedRows === 0n) {
    const first = await trx
      .selectFrom('idempotency_keys')
      .select(['request_hash', 'target_id'])
      .where((eb) => eb.and(ofThisKey))
      .executeTakeFirstOrThrow();
    if (first.request_hash !== requestHash) throw new ProblemError({ code: 'idempotency_mismatch' });
    return first.target_id;
  }
  const id = await create();
  await trx
    .updateTable('idempotency_keys')
    .set({ target_id: id })
    .where((eb) => eb.and(ofThisKey))
    .execute();
  return id;
}

/** lock_not_available: the first is a large one, such as a stadium with all its seats. */
function refuseLongWait(error: unknown): never {
  if (errorCodeOf(error) === '55P03') throw new ProblemError({ code: 'overloaded', retryAfterMs: 1000 });
  throw error;
}
