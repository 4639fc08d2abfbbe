import type { Services } from '../context.ts';
import { finish, providerOf } from './collect.ts';

/** A charge that has not been settled by then has lost its process: the time limit of a charge, and as much again twice over. */
export const STARTED_FOR_MS = 30_000;
/** A bound on one round; the next one takes the rest. */
const MAX_CHARGES = 200;

export interface OpenCharge {
  id: string;
  bookingId: string;
  showId: string;
  provider: string;
  createdAt: Date;
  places: number;
}

/**
 * Finds out what became of charges that nobody settled: the reply was lost, or the process died between the charge and
 * the confirmation. Each is settled by the box office, in the same way as if the reply had come.
 */
export async function reconcilePayments(services: Services): Promise<void> {
  const expected = new Date(services.now().getTime() - STARTED_FOR_MS);
  await settleCharges(services, await listOpenCharges(services, expected), expected);
}

/** @param expected since when a charge may be on its way to the provider still */
export async function settleCharges(
  office: Pick<Services, 'boxOffice' | 'bookingPlaces' | 'payments' | 'log'>,
  charges: readonly OpenCharge[],
  expected: Date,
): Promise<void> {
  const { payments, log } = office;
  for (const charge of charges) {
    if (payments.underWay.has(charge.id)) continue;
    try {
      const outcome = await providerOf(payments, charge.provider).find(charge.id);
      // The provider has not heard of it yet; while it is young, it still may.
      if (outcome === null && charge.createdAt > expected) continue;
      const { bookingId: id, showId, places } = charge;
      await finish(office, { id, showId, places }, charge.id, outcome ?? { status: 'failed' });
    } catch (error) {
      log.warn({ err: error, paymentId: charge.id }, 'a charge could not be reconciled yet');
    }
  }
}

async function listOpenCharges({ db }: Services, expected: Date): Promise<OpenCharge[]> {
  return await db
    .selectFrom('payments')
    .select(['id', 'booking_id as bookingId', 'show_id as showId', 'provider', 'created_at as createdAt'])
    .select((eb) =>
      eb
        .selectFrom('tickets')
        .select((count) => count.fn.countAll<number>().as('places'))
        .whereRef('tickets.booking_id', '=', 'payments.booking_id')
        .whereRef('tickets.shard', '=', 'payments.shard')
        .$asScalar()
        .$notNull()
        .as('places'),
    )
    .where('kind', '=', 'charge')
    .where((eb) =>
      eb.or([eb('status', '=', 'unknown'), eb.and([eb('status', '=', 'started'), eb('created_at', '<', expected)])]),
    )
    .orderBy('created_at')
    .limit(MAX_CHARGES)
    .execute();
}
