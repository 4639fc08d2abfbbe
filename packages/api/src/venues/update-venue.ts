import { inTransaction } from '@evently/db/transaction';
import type { UserContext } from '../context.ts';
import { listListingsAt, refreshListings, tellListing } from '../events/refresh-listings.ts';
import { notFound, ProblemError } from '../problem.ts';
import { insertLayout } from './create-venue.ts';
import type { SectionPlan } from './plan.ts';
import { findVenue, type Venue } from './venues.ts';

export interface VenueEdit {
  venueId: string;
  version: number;
  name?: string | undefined;
  address?: string | null | undefined;
  city?: string | undefined;
  country?: string | undefined;
  timeZone?: string | undefined;
  sections?: SectionPlan[] | undefined;
}

/**
 * Changes a venue. New `sections` become its next layout version: shows that exist keep the layout they are sold with,
 * shows created from now on get the new one.
 *
 * @throws `not_found`, `version_conflict`
 */
export async function updateVenue(ctx: UserContext, edit: VenueEdit): Promise<Venue> {
  await inTransaction(ctx.db, async (trx) => {
    const row = await trx
      .selectFrom('venues')
      .selectAll()
      .where('id', '=', edit.venueId)
      .forUpdate()
      .executeTakeFirst();
    if (!row) throw notFound();
    if (row.version !== edit.version) throw new ProblemError({ code: 'version_conflict' });
    const layoutVersion = row.layout_version + (edit.sections ? 1 : 0);
    await trx
      .updateTable('venues')
      .set({
        name: edit.name ?? row.name,
        address: edit.address === undefined ? row.address : edit.address,
        city: edit.city ?? row.city,
        country: edit.country ?? row.country,
        time_zone: edit.timeZone ?? row.time_zone,
        layout_version: layoutVersion,
        version: row.version + 1,
      })
      .where('id', '=', row.id)
      .execute();
    if (edit.sections) await insertLayout(trx, row.id, layoutVersion, edit.sections);
  });
  if (edit.name !== undefined || edit.city !== undefined || edit.timeZone !== undefined) {
    // Afterwards, so that no lock of the venue is held meanwhile; a lost refresh is made up for by the next edit or show.
    const now = ctx.now();
    const eventIds = await listListingsAt(ctx.db, edit.venueId, now);
    // At once, since the shows' own answers name the venue; then event by event, as its listing follows.
    for (const eventId of eventIds) tellListing(ctx.changes, eventId);
    if (edit.name !== undefined || edit.city !== undefined) await refreshListings(ctx, eventIds, now);
  }
  return await findVenue(ctx.db, edit.venueId);
}
