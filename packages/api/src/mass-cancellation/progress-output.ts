import { z } from 'zod';

/** How far a cancellation has come. Counts are of bookings and of refunds. */
export const progressOutput = z.object({
  reason: z.string(),
  /** The admin's user id. */
  cancelledBy: z.string(),
  startedAt: z.date(),
  /** When the last booking was cancelled and its refund asked for; null until then. */
  finishedAt: z.date().nullable(),
  /** Bookings that had to be cancelled. */
  total: z.int(),
  cancelled: z.int(),
  /** Refunds asked for since it started; those that are neither made nor failed are on their way. */
  refunds: z.int(),
  refunded: z.int(),
  /** Refunds that the provider did not take, for a person to look at. */
  refundsFailed: z.int(),
});
