import { newId, shardOf } from '@evently/db/ids';
import type { BoxOfficeRequest } from '../box-office/inventory.ts';
import type { UserContext } from '../context.ts';
import { hashRequest } from '../idempotency.ts';
import { notFound, ProblemError } from '../problem.ts';
import type { Booking } from './booking.ts';
import { labelBooking } from './labels.ts';

export interface Claim {
  showId: string;
  seatIds?: string[] | undefined;
  sections?: { sectionId: string; quantity: number }[] | undefined;
  idempotencyKey: string;
  specialRequests?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
}

// More places than any show lets one person have; what asks for more is refused before it needs ticket ids.
const MAX_TICKET_IDS = 100;

/**
 * Holds places, or books them in the same step where nothing is to be paid here.
 *
 * @throws `not_found`, `invalid_input`, `idempotency_mismatch`, `limit_exceeded`, `not_on_sale`, `payment_declined`,
 * `seat_taken`, `sold_out`, `overloaded`
 */
export async function claimPlaces(ctx: UserContext, kind: 'hold' | 'book', input: Claim): Promise<Booking> {
  const { idempotencyKey, ...request } = input;
  const shard = shardOf(input.showId);
  const quantity = (input.sections ?? []).reduce((sum, section) => sum + section.quantity, input.seatIds?.length ?? 0);
  return await askForBooking(ctx, input.showId, {
    kind,
    userId: ctx.actor.userId,
    bookingId: newId(shard),
    // Sorted, so that tickets read by id come in the order in which they were asked for.
    ticketIds: Array.from({ length: Math.min(quantity, MAX_TICKET_IDS) }, () => newId(shard)).sort(),
    seatIds: input.seatIds ?? [],
    sections: input.sections ?? [],
    idempotencyKey,
    requestHash: hashRequest({ kind, ...request }),
    specialRequests: input.specialRequests ?? null,
    metadata: input.metadata ?? null,
  });
}

/** Puts a request to a show's box office and answers the booking that it led to. */
export async function askForBooking(ctx: UserContext, showId: string, request: BoxOfficeRequest): Promise<Booking> {
  const answer = await ctx.boxOffice.submit(showId, request);
  if ('problem' in answer) throw new ProblemError(answer.problem);
  const plan = await ctx.plans.find(showId);
  if (!plan || !('booking' in answer)) throw notFound();
  return labelBooking(plan, answer.booking);
}
