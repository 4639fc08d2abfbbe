import { newId, shardOf } from '@evently/db/ids';
import type { BookingState } from '../box-office/inventory.ts';
import type { NewCharge } from '../box-office/requests.ts';
import type { UserContext } from '../context.ts';
import { hashRequest } from '../idempotency.ts';
import { collect, openChargeOf, type Payment, providerOf, resume } from '../payments/collect.ts';
import { ProblemError } from '../problem.ts';
import { ask, present } from './ask.ts';
import type { Booking } from './booking.ts';

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
 * Holds places until they are paid, released or the hold expires.
 *
 * @throws `not_found`, `invalid_input`, `idempotency_mismatch`, `limit_exceeded`, `not_on_sale`, `seat_taken`, `sold_out`,
 * `overloaded`
 */
export async function holdPlaces(ctx: UserContext, claim: Claim): Promise<Booking> {
  return await present(ctx, await submitClaim(ctx, 'hold', claim, claim, null));
}

/**
 * Books places in one call: at once where nothing is due; otherwise it claims them, charges, and confirms. A payment that
 * is declined or cannot be tried gives the places back, and the key may be used again.
 *
 * @throws as `holdPlaces`, and `payment_declined`, `unavailable`
 */
export async function bookPlaces(ctx: UserContext, claim: Claim & { payment?: Payment | undefined }): Promise<Booking> {
  const { payment, ...places } = claim;
  const charge = payment ? newCharge(ctx, claim.showId, payment) : null;
  const state = await submitClaim(ctx, 'book', claim, places, charge);
  const open = state.status === 'paying' ? openChargeOf(state) : undefined;
  if (!open || !payment) return await present(ctx, state);
  if (open.id === charge?.paymentId) return await present(ctx, await collect(ctx, state, open, payment.token));
  // An earlier request with this key started it.
  const resumed = await resume(ctx, state, open);
  if (resumed) return await present(ctx, resumed);
  // That charge never arrived, and the places were given back with the key: this is the next try.
  return await bookPlaces(ctx, claim);
}

export function newCharge(ctx: UserContext, showId: string, payment: Payment): NewCharge {
  providerOf(ctx.payments, payment.provider);
  return { paymentId: newId(shardOf(showId)), provider: payment.provider };
}

/** @param request all that the caller sent, which the key stands for */
async function submitClaim(
  ctx: UserContext,
  kind: 'hold' | 'book',
  request: Claim,
  claim: Claim,
  charge: NewCharge | null,
): Promise<BookingState> {
  const { showId, seatIds = [], sections = [], idempotencyKey, specialRequests = null, metadata = null } = claim;
  const { idempotencyKey: _, ...hashed } = request;
  const shard = shardOf(showId);
  const quantity = sections.reduce((sum, section) => sum + section.quantity, seatIds.length);
  const { userId } = ctx.actor;
  const refusal = await ctx.soldOut.refuse(showId, { userId, seatIds, sections });
  if (refusal) throw new ProblemError(refusal);
  const submit = (): Promise<BookingState> =>
    ask(ctx, showId, {
      kind,
      userId,
      bookingId: newId(shard),
      // Sorted, so that tickets read by id come in the order in which they were asked for.
      ticketIds: Array.from({ length: Math.min(quantity, MAX_TICKET_IDS) }, () => newId(shard)).sort(),
      seatIds,
      sections,
      idempotencyKey,
      requestHash: hashRequest({ kind, ...hashed }),
      specialRequests,
      metadata,
      charge,
    });
  return await ctx.locks.withSeats({ showId, seatIds, userId, idempotencyKey }, submit);
}
