import type { WaitingRoomMode } from '@evently/db/schema';
import { inTransaction } from '@evently/db/transaction';
import type { UserContext } from '../context.ts';
import { notFound } from '../problem.ts';
import { findShow, type Show } from '../shows/shows.ts';

export interface RoomModeEdit {
  showId: string;
  mode: WaitingRoomMode;
  /** Absent: as many as the settings say. */
  maxActive?: number | undefined;
}

/** Says whether a show has a waiting room, and how many may be active at once. @throws `not_found` */
export async function setRoomMode(ctx: UserContext, { showId, mode, maxActive }: RoomModeEdit): Promise<Show> {
  const eventId = await inTransaction(ctx.db, async (trx) => {
    const changed = await trx
      .updateTable('shows')
      .set({ waiting_room_mode: mode, waiting_room_max_active: maxActive ?? null })
      .where('id', '=', showId)
      .returning('event_id')
      .executeTakeFirst();
    if (!changed) throw notFound();
    return changed.event_id;
  });
  ctx.changes.tell({ kind: 'show', showId, eventId });
  // Whoever remembers the modes of rooms listens to edits of events, which are rarer than sales.
  ctx.changes.tell({ kind: 'event', eventId });
  return await findShow(ctx.db, showId, 'admin');
}
