import type { Trx } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import type { ShowRow } from '@evently/db/schema';
import { inTransaction } from '@evently/db/transaction';
import type { UserContext } from '../context.ts';
import { refreshListing, tellListing } from '../events/refresh-listings.ts';
import { notFound, ProblemError, refuseInput } from '../problem.ts';
import { lockInventory } from './inventory-lock.ts';
import { nextTerms } from './refund-terms.ts';
import { findShow, type Show } from './shows.ts';

export interface ShowEdit {
  showId: string;
  version: number;
  startsAt?: string | undefined;
  endsAt?: string | undefined;
  /** Null: when the event is published. */
  salesOpenAt?: string | null | undefined;
  /** Null: when the show starts. */
  salesCloseAt?: string | null | undefined;
  maxPerBooking?: number | undefined;
  holdSeconds?: number | undefined;
  /** Null: everything goes back until the show begins. */
  cancellationPolicyId?: string | null | undefined;
  prices?: { sectionId: string; amount: number }[] | undefined;
}

/**
 * Changes a show. Prices hold for what is booked from now on, and so do worse terms of cancellation; better ones hold for all. It takes the inventory lock, so that no batch of the box
 * office sees half an edit.
 *
 * @throws `not_found`, `version_conflict`, `invalid_state` (the show is cancelled), `invalid_input`
 */
export async function updateShow(ctx: UserContext, edit: ShowEdit): Promise<Show> {
  const eventId = await inTransaction(ctx.db, async (trx) => {
    await lockInventory(trx, edit.showId);
    const row = await trx.selectFrom('shows').selectAll().where('id', '=', edit.showId).forUpdate().executeTakeFirst();
    if (!row) throw notFound();
    if (row.version !== edit.version) throw new ProblemError({ code: 'version_conflict' });
    if (row.status === 'cancelled') throw new ProblemError({ code: 'invalid_state', state: row.status });
    await trx.updateTable('shows').set(edited(row, edit)).where('id', '=', row.id).execute();
    if (edit.cancellationPolicyId !== undefined) await updateTerms(trx, row, edit.cancellationPolicyId);
    for (const [index, price] of (edit.prices ?? []).entries()) await updatePrice(trx, row.id, price, index);
    await trx
      .updateTable('show_inventory')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('show_id', '=', row.id)
      .where('shard', '=', shardOf(row.id))
      .execute();
    await refreshListing(trx, row.event_id, ctx.now());
    return row.event_id;
  });
  ctx.changes.tell({ kind: 'show', showId: edit.showId, eventId });
  tellListing(ctx.changes, eventId);
  return await findShow(ctx.db, edit.showId, 'admin');
}

const toInstant = (value: string | null | undefined, present: Date | null) =>
  value === undefined ? present : value === null ? null : new Date(value);

function edited(row: ShowRow, edit: ShowEdit) {
  const starts_at = edit.startsAt === undefined ? row.starts_at : new Date(edit.startsAt);
  const ends_at = edit.endsAt === undefined ? row.ends_at : new Date(edit.endsAt);
  const sales_open_at = toInstant(edit.salesOpenAt, row.sales_open_at);
  const sales_close_at = toInstant(edit.salesCloseAt, row.sales_close_at);
  if (ends_at <= starts_at) refuseInput('endsAt', 'must be after startsAt');
  if (sales_open_at && sales_open_at >= (sales_close_at ?? starts_at)) {
    refuseInput('salesOpenAt', 'must be before sales close');
  }
  if (sales_close_at && sales_close_at > ends_at) refuseInput('salesCloseAt', 'must not be after endsAt');
  return {
    starts_at,
    ends_at,
    sales_open_at,
    sales_close_at,
    max_per_booking: edit.maxPerBooking ?? row.max_per_booking,
    hold_seconds: edit.holdSeconds ?? row.hold_seconds,
    version: row.version + 1,
  };
}

async function updateTerms(trx: Trx, row: ShowRow, policyId: string | null): Promise<void> {
  const refund_terms = await nextTerms(trx, row, policyId);
  await trx.updateTable('shows').set({ refund_terms }).where('id', '=', row.id).execute();
}

async function updatePrice(
  trx: Trx,
  showId: string,
  price: { sectionId: string; amount: number },
  index: number,
): Promise<void> {
  const changed = await trx
    .updateTable('show_sections')
    .set({ price: price.amount })
    .where('show_id', '=', showId)
    .where('section_id', '=', price.sectionId)
    .where('shard', '=', shardOf(showId))
    .executeTakeFirst();
  if (changed.numUpdatedRows === 0n) refuseInput(`prices.${index}.sectionId`, 'is not a section of this show');
}
