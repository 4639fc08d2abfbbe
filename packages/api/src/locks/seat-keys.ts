import { createHash } from 'node:crypto';

/** Who wants which seats of a show, and under which key. */
export interface SeatClaim {
  showId: string;
  seatIds: readonly string[];
  userId: string;
  idempotencyKey: string;
}

export interface ClaimKeys {
  /** Without repetitions, in the order of `seats`. */
  seatIds: string[];
  seats: string[];
  claim: string;
}

/**
 * The names of a claim's locks in Redis: one per seat, sorted, and one for the claim itself. What stands in braces is
 * all that Redis Cluster looks at to place a key, so the locks of a show lie together and can be taken in one step.
 */
export function keysOf({ showId, seatIds, userId, idempotencyKey }: SeatClaim): ClaimKeys {
  const sorted = [...new Set(seatIds)].sort();
  // Hashed, because a key may be long and hold anything.
  const key = createHash('sha256').update(idempotencyKey).digest('base64url').slice(0, 22);
  return {
    seatIds: sorted,
    seats: sorted.map((seatId) => `{${showId}}:seat:${seatId}`),
    claim: `{${showId}}:claim:${userId}:${key}`,
  };
}
