import { newId, shardOf } from '@evently/db/ids';
import { ask as askForBooking } from '../bookings/ask.ts';
import type { BookingState, PaymentState } from '../box-office/inventory.ts';
import type { Services } from '../context.ts';
import { inTime } from '../in-time.ts';
import { type Problem, ProblemError } from '../problem.ts';
import { type ChargeOutcome, type PaymentProvider, ProviderUnreachable } from './provider.ts';

/** How a buyer pays. */
export interface Payment {
  provider: string;
  token: string;
}

/** Longer than any provider takes that still means to answer. Then nobody knows, and reconciliation finds out. */
const CHARGE_TIMEOUT_MS = 10_000;
const RETRY_AFTER_MS = 2000;

/** What came of trying to charge. `failed`: certainly nothing was charged. `unknown`: it may have been. */
type Outcome = ChargeOutcome | { status: 'failed' } | { status: 'unknown' };

type Office = Pick<Services, 'boxOffice' | 'bookingPlaces' | 'payments' | 'log'>;

/** @throws `invalid_input` when there is no such provider */
export function providerOf({ providers }: Services['payments'], name: string): PaymentProvider {
  const provider = providers.get(name);
  if (provider) return provider;
  const message = `must be one of ${[...providers.keys()].join(', ')}`;
  throw new ProblemError({ code: 'invalid_input', issues: [{ path: 'payment.provider', message }] });
}

/** The charge of a booking that is `paying`. */
export function openChargeOf(booking: BookingState): PaymentState | undefined {
  return booking.payments.findLast(
    ({ kind, status }) => kind === 'charge' && (status === 'started' || status === 'unknown'),
  );
}

/**
 * Between the two halves of a confirmation: charges, outside any transaction, and tells the box office what came of it.
 * Whoever asks again meanwhile, in this process, waits for the same charge.
 *
 * @throws `payment_declined`, `unavailable` (not charged, or not known yet), `hold_expired` (too late: the money goes back)
 */
export function collect(
  office: Office,
  booking: BookingState,
  charge: PaymentState,
  token: string,
): Promise<BookingState> {
  const work = chargeAndFinish(office, booking, charge, token).finally(() =>
    office.payments.underWay.delete(charge.id),
  );
  office.payments.underWay.set(charge.id, work);
  return work;
}

async function chargeAndFinish(
  office: Office,
  booking: BookingState,
  charge: PaymentState,
  token: string,
): Promise<BookingState> {
  const outcome = await tryCharge(office, booking, charge, token);
  return conclude(outcome, await finish(office, placesOf(booking), charge.id, outcome));
}

async function tryCharge(
  { payments, log }: Office,
  { currency }: BookingState,
  { id, amount, provider }: PaymentState,
  token: string,
): Promise<Outcome> {
  const patience = new AbortController();
  try {
    const charging = providerOf(payments, provider).charge({ id, amount, currency, token }, patience.signal);
    return await inTime(charging, CHARGE_TIMEOUT_MS);
  } catch (error) {
    patience.abort();
    if (error instanceof ProviderUnreachable) return { status: 'failed' };
    log.warn({ err: error, paymentId: id }, 'nobody knows yet what became of a charge');
    return { status: 'unknown' };
  }
}

/**
 * For who asks again while a booking is `paying`: waits for the charge that is under way here, or asks the provider what
 * became of it.
 *
 * @throws as `collect`; `unavailable` also when the charge never arrived there: it may be on its way still, and whoever paid
 * anew meanwhile would have paid twice. Reconciliation knows when it is too old for that.
 */
export async function resume(office: Office, booking: BookingState, charge: PaymentState): Promise<BookingState> {
  const underWay = office.payments.underWay.get(charge.id);
  if (underWay) return await underWay;
  const outcome = await ask(office, charge);
  if (outcome === null) throw unavailable();
  return conclude(outcome, await finish(office, placesOf(booking), charge.id, outcome));
}

async function ask({ payments, log }: Office, { id, provider }: PaymentState): Promise<ChargeOutcome | null> {
  try {
    return await providerOf(payments, provider).find(id);
  } catch (error) {
    log.warn({ err: error, paymentId: id }, 'the provider did not say what became of a charge');
    throw unavailable();
  }
}

/** The second half of a confirmation. It may be told the same outcome more than once. */
export async function finish(
  office: Pick<Office, 'boxOffice' | 'bookingPlaces'>,
  booking: { id: string; showId: string; places: number },
  paymentId: string,
  outcome: Outcome,
): Promise<BookingState> {
  const shard = shardOf(booking.id);
  return await askForBooking(office, booking.showId, {
    kind: 'finish-payment',
    bookingId: booking.id,
    paymentId,
    outcome: outcome.status === 'declined' ? 'failed' : outcome.status,
    ticketIds: Array.from({ length: booking.places }, () => newId(shard)).sort(),
    refundId: newId(shard),
  });
}

const placesOf = ({ id, showId, tickets }: BookingState) => ({ id, showId, places: tickets.length });

/** Answers the buyer: the booking, or why there is none. */
function conclude(outcome: Outcome, booking: BookingState): BookingState {
  switch (outcome.status) {
    case 'succeeded':
      if (booking.status === 'confirmed') return booking;
      throw new ProblemError({ code: 'hold_expired', state: booking.status });
    case 'declined':
      throw new ProblemError({ code: 'payment_declined', reason: outcome.reason } satisfies Problem);
    default:
      throw unavailable();
  }
}

const unavailable = () => new ProblemError({ code: 'unavailable', retryAfterMs: RETRY_AFTER_MS });
