import { z } from 'zod';
import { ProblemError } from '../problem.ts';
import { estimate, jittered, pollAfter } from './room-rules.ts';
import type { Bearer, RoomTokens } from './room-tokens.ts';
import type { Told } from './show-room.ts';

/** Where somebody stands in the waiting room of a show. */
export const placeOutput = z.object({
  /** `open`: hold and book as you like; `queued`: ask again after `pollAfterMs`; `admitted`: hold and book with `admissionToken`. */
  state: z.enum(['open', 'queued', 'admitted']),
  /** 1 is next. */
  position: z.int().optional(),
  /** As it went lately; absent while nobody is admitted. */
  etaSeconds: z.int().optional(),
  /** When to ask again, in milliseconds. Whoever is silent for three times as long, and for 20 seconds, has given up. */
  pollAfterMs: z.int(),
  /** Send it with `join` when the place is not found any more: it brings one back to it. */
  queueToken: z.string().optional(),
  /** For `bookings.hold` and `bookings.book`. */
  admissionToken: z.string().optional(),
  /** When the admission ends, unless a purchase ends it before. */
  expiresAt: z.date().optional(),
});
export type Place = z.infer<typeof placeOutput>;

const RETRY_AFTER_MS = 30_000;

/** Null: neither waits nor is admitted. @throws ProblemError `overloaded` when too many wait already */
export async function presentPlace(
  { answer, summary }: Told,
  bearer: Bearer,
  tokens: RoomTokens,
  now: number,
): Promise<Place | null> {
  const { position, place, until } = answer;
  const pollAfterMs = jittered(pollAfter(position), Math.random());
  switch (answer.state) {
    case 'queued': {
      const etaSeconds = estimate(position, summary);
      const queueToken = await tokens.signPlace(bearer, place, now);
      return { state: 'queued', position, ...(etaSeconds === null ? {} : { etaSeconds }), pollAfterMs, queueToken };
    }
    case 'admitted': {
      const admissionToken = await tokens.signAdmission(bearer, until);
      return { state: 'admitted', pollAfterMs, admissionToken, expiresAt: new Date(until) };
    }
    case 'open':
      return { state: 'open', pollAfterMs };
    case 'full':
      throw new ProblemError({ code: 'overloaded', retryAfterMs: RETRY_AFTER_MS });
    default:
      return null;
  }
}
