import { type Kysely, sql } from 'kysely';

/**
 * Those who wait, and what was offered to them. The new columns have defaults that rewrite no table, and of every show that
 * is there already they say the truth: nobody waits.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  // How many wait: a batch learns it with the lock, and asks no further where it is nobody.
  await sql`ALTER TABLE show_inventory ADD COLUMN waiting integer NOT NULL DEFAULT 0 CHECK (waiting >= 0)`.execute(db);
  await sql`CREATE INDEX show_inventory_waiting ON show_inventory (show_id, shard) WHERE waiting > 0`.execute(db);

  // Whether the free places of the section are saved for somebody who waits: then nobody else may have them.
  await sql`ALTER TABLE show_sections ADD COLUMN saved boolean NOT NULL DEFAULT false`.execute(db);

  // Of an offer: to whom in the line it was made.
  await sql`ALTER TABLE bookings ADD COLUMN entry_id uuid`.execute(db);

  await sql`
    CREATE TABLE waitlist_entries (
      id uuid NOT NULL,
      shard smallint NOT NULL,
      show_id uuid NOT NULL,
      user_id uuid NOT NULL,
      section_id uuid,
      quantity integer NOT NULL CHECK (quantity > 0),
      position bigint NOT NULL CHECK (position > 0),
      status text NOT NULL
        CHECK (status IN ('waiting', 'offered', 'converted', 'declined', 'lapsed', 'left', 'closed')),
      joined_at timestamptz NOT NULL,
      booking_id uuid,
      passed integer NOT NULL CHECK (passed >= 0),
      saves_section_id uuid,
      saves_until timestamptz,
      idempotency_key text NOT NULL,
      request_hash text NOT NULL,
      version integer NOT NULL CHECK (version > 0),
      PRIMARY KEY (id, shard),
      CONSTRAINT waitlist_entries_idempotency UNIQUE (idempotency_key, user_id, show_id, shard),
      CONSTRAINT waitlist_entries_position UNIQUE (show_id, position, shard),
      CONSTRAINT waitlist_entries_offer CHECK ((booking_id IS NULL) = (status IN ('waiting', 'left', 'closed'))),
      CONSTRAINT waitlist_entries_saves CHECK ((saves_section_id IS NULL) = (saves_until IS NULL)
        AND (saves_until IS NULL OR status = 'waiting'))
    )`.execute(db);
  // One place in the line of a show for each.
  await sql`CREATE UNIQUE INDEX waitlist_entries_live ON waitlist_entries (user_id, show_id, shard)
    WHERE status IN ('waiting', 'offered')`.execute(db);
  // The line for each section, in order. Those who take any wait for the show: an index of nulls would have no order.
  await sql`CREATE INDEX waitlist_entries_line ON waitlist_entries
    (show_id, coalesce(section_id, show_id), position, shard) WHERE status = 'waiting'`.execute(db);
  await sql`CREATE INDEX waitlist_entries_saves ON waitlist_entries (saves_until, show_id, shard)
    WHERE saves_until IS NOT NULL`.execute(db);
  await sql`CREATE INDEX waitlist_entries_user_id ON waitlist_entries (user_id, id DESC)`.execute(db);

  // Append-only: who was offered what, who was passed over, and why.
  await sql`
    CREATE TABLE waitlist_events (
      entry_id uuid NOT NULL,
      seq integer NOT NULL CHECK (seq > 0),
      shard smallint NOT NULL,
      type text NOT NULL,
      at timestamptz NOT NULL,
      data jsonb NOT NULL,
      PRIMARY KEY (entry_id, seq, shard)
    )`.execute(db);

  await sql`
    ALTER TABLE notifications DROP CONSTRAINT notifications_kind_check,
      ADD CONSTRAINT notifications_kind_check CHECK (kind IN ('booking_confirmed', 'places_offered'))`.execute(db);
}
