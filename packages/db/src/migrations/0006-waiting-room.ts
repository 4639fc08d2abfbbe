import { type Kysely, sql } from 'kysely';

/**
 * What an organiser has set for the waiting room of a show. The checks look at no row that is there already, since all of
 * them have the defaults: no show is locked for longer than a moment, however many there are.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    ALTER TABLE shows
      ADD COLUMN waiting_room_mode text NOT NULL DEFAULT 'auto',
      ADD COLUMN waiting_room_max_active integer,
      ADD CONSTRAINT shows_waiting_room_mode CHECK (waiting_room_mode IN ('auto', 'on', 'off')) NOT VALID,
      ADD CONSTRAINT shows_waiting_room_max_active CHECK (waiting_room_max_active BETWEEN 1 AND 1000000) NOT VALID`.execute(
    db,
  );
}
