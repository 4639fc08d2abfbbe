import { type Kysely, sql } from 'kysely';

/**
 * The bookings of a show: who has any, for the gate in front of a show that is sold out; newest first, for admins. Ids grow
 * with time, so a sale appends to the index at one place.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE INDEX bookings_show_id ON bookings (show_id, id, shard) INCLUDE (user_id)`.execute(db);
}
