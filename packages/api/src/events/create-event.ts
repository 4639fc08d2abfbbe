import { newId } from '@evently/db/ids';
import { inTransaction } from '@evently/db/transaction';
import type { UserContext } from '../context.ts';
import { createOnce } from '../idempotency.ts';
import { type EventWithShows, findEvent } from './events.ts';
import { refreshListing, tellListing } from './refresh-listings.ts';
import { slugOf } from './search-text.ts';

export interface NewEvent {
  name: string;
  description: string;
  category: string;
  tags?: string[] | undefined;
  imageUrl?: string | undefined;
  idempotencyKey?: string | undefined;
}

/** A draft, which nobody but admins sees. Its id draws the shard of all that will be sold for it. @throws `idempotency_mismatch` */
export async function createEvent(ctx: UserContext, input: NewEvent): Promise<EventWithShows> {
  const { idempotencyKey: key, ...request } = input;
  const now = ctx.now();
  const creation = { userId: ctx.actor.userId, procedure: 'admin.events.create', key, request, now };
  const eventId = await inTransaction(ctx.db, async (trx) => {
    const id = await createOnce(trx, creation, async () => {
      const eventId = newId();
      await trx
        .insertInto('events')
        .values({
          id: eventId,
          name: input.name,
          slug: `${slugOf(input.name)}-${eventId.slice(-6)}`,
          description: input.description,
          category: input.category,
          tags: input.tags ?? [],
          image_url: input.imageUrl ?? null,
          status: 'draft',
          version: 1,
          created_at: now,
          search_text: '',
          cities: [],
          sold_out: false,
        })
        .execute();
      return eventId;
    });
    await refreshListing(trx, id, now);
    return id;
  });
  // Asked again, it may have been published since, and was refreshed just now.
  tellListing(ctx.changes, eventId);
  return await findEvent(ctx.db, eventId, 'admin');
}
