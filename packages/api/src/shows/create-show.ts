import type { Trx } from '@evently/db/client';
import { newId, shardOf } from '@evently/db/ids';
import { inTransaction } from '@evently/db/transaction';
import type { UserContext } from '../context.ts';
import { refreshListing, tellListing } from '../events/refresh-listings.ts';
import { createOnce } from '../idempotency.ts';
import { notFound, ProblemError, refuseInput } from '../problem.ts';
import { firstTerms } from './refund-terms.ts';
import { findShow, type Show } from './shows.ts';

export interface NewShow {
  eventId: string;
  venueId: string;
  startsAt: string;
  endsAt: string;
  salesOpenAt?: string | undefined;
  salesCloseAt?: string | undefined;
  currency: string;
  prices: { sectionId: string; amount: number; capacity?: number | undefined }[];
  maxPerBooking?: number | undefined;
  holdSeconds?: number | undefined;
  collectAtDoor?: boolean | undefined;
  /** Absent: everything goes back until the show begins. */
  cancellationPolicyId?: string | undefined;
  idempotencyKey?: string | undefined;
}

const DEFAULT_MAX_PER_BOOKING = 10;

/**
 * Puts a show on an event's bill. It sells the sections that are priced, laid out as the venue is now.
 *
 * @throws `not_found`, `invalid_state` (the event is cancelled), `invalid_input` (a section of another venue, more seats
 * than there are, a show that is over, no such policy), `idempotency_mismatch`
 */
export async function createShow(ctx: UserContext, input: NewShow): Promise<Show> {
  const { idempotencyKey: key, ...request } = input;
  const now = ctx.now();
  const creation = { userId: ctx.actor.userId, procedure: 'admin.shows.create', key, request, now };
  const showId = await inTransaction(ctx.db, async (trx) => {
    const id = await createOnce(trx, creation, () => insertShow(trx, input, ctx.holdSeconds, now));
    await refreshListing(trx, input.eventId, now);
    return id;
  });
  ctx.changes.tell({ kind: 'show', showId, eventId: input.eventId });
  tellListing(ctx.changes, input.eventId);
  return await findShow(ctx.db, showId, 'admin');
}

async function insertShow(trx: Trx, input: NewShow, holdSeconds: number, now: Date): Promise<string> {
  if (new Date(input.endsAt) <= now) refuseInput('endsAt', 'lies in the past');
  const event = await trx
    .selectFrom('events')
    .select(['id', 'status'])
    .where('id', '=', input.eventId)
    .forUpdate()
    .executeTakeFirst();
  const venue = await trx
    .selectFrom('venues')
    .select(['id', 'layout_version'])
    .where('id', '=', input.venueId)
    .executeTakeFirst();
  if (!event || !venue) throw notFound();
  if (event.status === 'cancelled') throw new ProblemError({ code: 'invalid_state', state: event.status });
  const capacities = await decideCapacities(trx, venue.id, venue.layout_version, input.prices);

  const shard = shardOf(event.id);
  const showId = newId(shard, now.getTime());
  await trx
    .insertInto('shows')
    .values({
      id: showId,
      event_id: event.id,
      venue_id: venue.id,
      layout_version: venue.layout_version,
      starts_at: new Date(input.startsAt),
      ends_at: new Date(input.endsAt),
      sales_open_at: input.salesOpenAt === undefined ? null : new Date(input.salesOpenAt),
      sales_close_at: input.salesCloseAt === undefined ? null : new Date(input.salesCloseAt),
      currency: input.currency,
      max_per_booking: input.maxPerBooking ?? DEFAULT_MAX_PER_BOOKING,
      hold_seconds: input.holdSeconds ?? holdSeconds,
      collect_at_door: input.collectAtDoor ?? false,
      status: 'scheduled',
      version: 1,
      created_at: now,
      refund_terms: await firstTerms(trx, input.cancellationPolicyId),
    })
    .execute();
  await trx.insertInto('show_inventory').values({ show_id: showId, shard }).execute();
  await trx
    .insertInto('show_sections')
    .values(
      input.prices.map(({ sectionId, amount }, index) => ({
        show_id: showId,
        section_id: sectionId,
        shard,
        price: amount,
        capacity: capacities[index]!,
      })),
    )
    .execute();
  return showId;
}

/** What each priced section may sell: as asked, or all of it. A seated section cannot sell more than its seats. */
async function decideCapacities(
  trx: Trx,
  venueId: string,
  layoutVersion: number,
  prices: NewShow['prices'],
): Promise<number[]> {
  const rows = await trx
    .selectFrom('venue_sections')
    .select(['id', 'kind', 'capacity'])
    .where('venue_id', '=', venueId)
    .where('layout_version', '=', layoutVersion)
    .execute();
  const sections = new Map(rows.map((row) => [row.id, row]));
  return prices.map(({ sectionId, capacity }, index) => {
    const section =
      sections.get(sectionId) ?? refuseInput(`prices.${index}.sectionId`, 'is not a section of this venue');
    if (section.kind === 'seated' && (capacity ?? 0) > section.capacity) {
      refuseInput(`prices.${index}.capacity`, `is more than the ${section.capacity} seats of this section`);
    }
    return capacity ?? section.capacity;
  });
}
