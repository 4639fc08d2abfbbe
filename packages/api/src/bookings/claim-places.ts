import { newId, shardOf } from '@evently/db/ids';
import { offerAlternatives } from '../best-seats/offer-alternatives.ts';
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
  /** Where the show's waiting room is on. */
  admissionToken?: string | undefined;
  specialRequests?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
}

// More places than any show lets one person have; what asks for more is refused before it needs ticket ids.
const MAX_TICKET_IDS = 100;

/**
 * Holds places until they are paid, released or the hold expires.
 *
 * @throws `not_found`, `invalid_input`, `idempotency_mismatch`, `admission_required`, `limit_exceeded`, `not_on_sale`,
 * `seat_taken`, `sold_out`, `overloaded`
 */
export async function holdPlaces(ctx: UserContext, claim: Claim): Promise<Booking> {
  await passGate(ctx, claim);
  return await passWaitingRoom(ctx, claim, () => claimAndHold(ctx, claim));
}

/**
 * Books places in one call: at once where nothing is due; otherwise it claims them, charges, and confirms. A payment that
 * is declined or cannot be tried gives the places back, and the key may be used again.
 *
 * @throws as `holdPlaces`, and `payment_declined`, `unavailable`
 */
export async function bookPlaces(ctx: UserContext, claim: PaidClaim): Promise<Booking> {
  if (claim.payment) providerOf(ctx.payments, claim.payment.provider);
  await passGate(ctx, claim);
  // With the payment, since an admission ends with the purchase.
  return await passWaitingRoom(ctx, claim, () => claimAndPay(ctx, claim));
}

export type PaidClaim = Claim & { payment?: Payment | undefined };

/** What a claim needs of its context behind the waiting room. */
export type Selling = Pick<
  UserContext,
  'actor' | 'alternatives' | 'bookingPlaces' | 'boxOffice' | 'locks' | 'log' | 'payments' | 'plans'
>;

/** Before the waiting room: nobody waits for a show of which they are then told that it is sold out. */
async function passGate(ctx: UserContext, claim: Claim): Promise<void> {
  const { showId, seatIds = [], sections = [] } = claim;
  const refusal = await ctx.soldOut.refuse(showId, { userId: ctx.actor.userId, seatIds, sections });
  if (refusal) throw await offerAlternatives(ctx, claim, new ProblemError(refusal));
}

/** In a rush this costs those who need not wait less than a promise. */
function passWaitingRoom<T>({ waitingRoom, actor }: UserContext, claim: Claim, work: () => Promise<T>): Promise<T> {
  const { showId, idempotencyKey, admissionToken } = claim;
  const { userId } = actor;
  if (waitingRoom.isOpen(showId, userId)) return work();
  return waitingRoom.enter({ showId, userId, idempotencyKey, admissionToken }, work);
}

export async function claimAndHold(ctx: Selling, claim: Claim): Promise<Booking> {
  return await present(ctx, await submitClaim(ctx, 'hold', claim, null));
}

export async function claimAndPay(ctx: Selling, claim: PaidClaim): Promise<Booking> {
  const { payment } = claim;
  const charge = payment ? newCharge(ctx, claim.showId, payment) : null;
  const state = await submitClaim(ctx, 'book', claim, charge);
  const open = state.status === 'paying' ? openChargeOf(state) : undefined;
  if (!open || !payment) return await present(ctx, state);
  if (open.id === charge?.paymentId) return await present(ctx, await collect(ctx, state, open, payment.token));
  // An earlier request with this key started it.
  return await present(ctx, await resume(ctx, state, open));
}

export function newCharge(ctx: Pick<UserContext, 'payments'>, showId: string, payment: Payment): NewCharge {
  providerOf(ctx.payments, payment.provider);
  return { paymentId: newId(shardOf(showId)), provider: payment.provider };
}

async function submitClaim(
  ctx: Selling,
  kind: 'hold' | 'book',
  claim: PaidClaim,
  charge: NewCharge | null,
): Promise<BookingState> {
  try {
    return await takePlaces(ctx, kind, claim, charge);
  } catch (error) {
    // Whoever refused a seat, the locks or the box office, it comes by here, when nothing is held for it any more.
    throw await offerAlternatives(ctx, claim, error);
  }
}

/** @param claim all that the caller sent, which the key stands for */
async function takePlaces(
  ctx: Selling,
  kind: 'hold' | 'book',
  claim: PaidClaim,
  charge: NewCharge | null,
): Promise<BookingState> {
  const { showId, seatIds = [], sections = [], idempotencyKey, specialRequests = null, metadata = null } = claim;
  // Whoever asks again may have been admitted anew.
  const { idempotencyKey: _, admissionToken: __, ...hashed } = claim;
  const shard = shardOf(showId);
  const quantity = sections.reduce((sum, section) => sum + section.quantity, seatIds.length);
  const { userId } = ctx.actor;
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
