import type { Trx } from '@evently/db/client';
import type { EventRow } from '@evently/db/schema';
import { inTransaction } from '@evently/db/transaction';
import type { UserContext } from '../context.ts';
import { notFound, ProblemError } from '../problem.ts';
import { type EventWithShows, findEvent } from './events.ts';
import { refreshListing, tellListing } from './refresh-listings.ts';
import { slugOf } from './search-text.ts';

/** @throws `not_found` */
export async function lockEvent(trx: Trx, eventId: string): Promise<EventRow> {
  const row = await trx.selectFrom('events').selectAll().where('id', '=', eventId).forUpdate().executeTakeFirst();
  if (!row) throw notFound();
  return row;
}

export interface EventEdit {
  eventId: string;
  version: number;
  name?: string | undefined;
  description?: string | undefined;
  category?: string | undefined;
  tags?: string[] | undefined;
  imageUrl?: string | null | undefined;
}

/** @throws `not_found`, `version_conflict`, `invalid_state` (the event is cancelled) */
export async function updateEvent(ctx: UserContext, edit: EventEdit): Promise<EventWithShows> {
  await inTransaction(ctx.db, async (trx) => {
    const row = await lockEvent(trx, edit.eventId);
    if (row.version !== edit.version) throw new ProblemError({ code: 'version_conflict' });
    if (row.status === 'cancelled') throw new ProblemError({ code: 'invalid_state', state: row.status });
    const name = edit.name ?? row.name;
    await trx
      .updateTable('events')
      .set({
        name,
        slug: `${slugOf(name)}-${row.id.slice(-6)}`,
        description: edit.description ?? row.description,
        category: edit.category ?? row.category,
        tags: edit.tags ?? row.tags,
        image_url: edit.imageUrl === undefined ? row.image_url : edit.imageUrl,
        version: row.version + 1,
      })
      .where('id', '=', row.id)
      .execute();
    await refreshListing(trx, row.id, ctx.now());
  });
  tellListing(ctx.changes, edit.eventId);
  return await findEvent(ctx.db, edit.eventId, 'admin');
}

/** Puts a draft before the public; a published event stays as it is. @throws `not_found`, `invalid_state` (it is cancelled) */
export async function publishEvent(ctx: UserContext, eventId: string): Promise<EventWithShows> {
  await inTransaction(ctx.db, async (trx) => {
    const row = await lockEvent(trx, eventId);
    if (row.status === 'cancelled') throw new ProblemError({ code: 'invalid_state', state: row.status });
    if (row.status === 'published') return;
    await trx
      .updateTable('events')
      .set({ status: 'published', published_at: ctx.now(), version: row.version + 1 })
      .where('id', '=', row.id)
      .execute();
    await refreshListing(trx, row.id, ctx.now());
  });
  tellListing(ctx.changes, eventId);
  return await findEvent(ctx.db, eventId, 'admin');
}

/** Deletes a draft with its shows; nothing was ever sold for it. @throws `not_found`, `invalid_state` (it was published) */
export async function deleteEvent(ctx: UserContext, eventId: string): Promise<void> {
  await inTransaction(ctx.db, async (trx) => {
    const row = await lockEvent(trx, eventId);
    if (row.status !== 'draft') throw new ProblemError({ code: 'invalid_state', state: row.status });
    await trx.deleteFrom('events').where('id', '=', eventId).execute();
  });
  tellListing(ctx.changes, eventId);
}
