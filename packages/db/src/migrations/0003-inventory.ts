import { type Kysely, sql } from 'kysely';

/**
 * What a box office keeps. Every table carries the event's shard, last in each key: prepared for distribution by shard.
 * For the same reason there is no trigger, sequence or enum here, and no foreign key to users.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE show_inventory (
      show_id uuid NOT NULL REFERENCES shows (id) ON DELETE CASCADE,
      shard smallint NOT NULL,
      version bigint NOT NULL DEFAULT 0,
      next_position bigint NOT NULL DEFAULT 1,
      PRIMARY KEY (show_id, shard)
    )`.execute(db);

  await sql`
    CREATE TABLE show_sections (
      show_id uuid NOT NULL,
      section_id uuid NOT NULL REFERENCES venue_sections (id),
      shard smallint NOT NULL,
      price bigint NOT NULL CHECK (price >= 0),
      capacity integer NOT NULL CHECK (capacity >= 0),
      held integer NOT NULL DEFAULT 0 CHECK (held >= 0),
      sold integer NOT NULL DEFAULT 0 CHECK (sold >= 0),
      blocked integer NOT NULL DEFAULT 0 CHECK (blocked >= 0),
      PRIMARY KEY (show_id, section_id, shard),
      FOREIGN KEY (show_id, shard) REFERENCES show_inventory (show_id, shard) ON DELETE CASCADE,
      CONSTRAINT show_sections_capacity CHECK (held + sold + blocked <= capacity)
    )`.execute(db);

  await sql`
    CREATE TABLE blocked_seats (
      show_id uuid NOT NULL,
      seat_id uuid NOT NULL REFERENCES venue_seats (id),
      shard smallint NOT NULL,
      section_id uuid NOT NULL,
      PRIMARY KEY (show_id, seat_id, shard),
      FOREIGN KEY (show_id, section_id, shard) REFERENCES show_sections (show_id, section_id, shard) ON DELETE CASCADE
    )`.execute(db);

  await sql`
    CREATE TABLE bookings (
      id uuid NOT NULL,
      shard smallint NOT NULL,
      reference text NOT NULL,
      event_id uuid NOT NULL,
      show_id uuid NOT NULL,
      user_id uuid NOT NULL,
      status text NOT NULL CHECK (status IN ('held', 'paying', 'confirmed', 'released', 'expired', 'cancelled')),
      quantity integer NOT NULL CHECK (quantity >= 0),
      total bigint NOT NULL CHECK (total >= 0),
      retained bigint NOT NULL CHECK (retained >= 0),
      currency text NOT NULL,
      expires_at timestamptz CHECK ((expires_at IS NOT NULL) = (status IN ('held', 'paying'))),
      created_at timestamptz NOT NULL,
      confirmed_at timestamptz,
      cancelled_at timestamptz,
      idempotency_key text NOT NULL,
      request_hash text NOT NULL,
      special_requests text,
      metadata jsonb,
      version integer NOT NULL CHECK (version > 0),
      history_seq integer NOT NULL CHECK (history_seq > 0),
      history_hash text NOT NULL,
      PRIMARY KEY (id, shard),
      CONSTRAINT bookings_idempotency UNIQUE (idempotency_key, user_id, show_id, shard),
      FOREIGN KEY (show_id, shard) REFERENCES show_inventory (show_id, shard)
    )`.execute(db);
  await sql`CREATE INDEX bookings_user_id ON bookings (user_id, id DESC)`.execute(db);
  await sql`CREATE INDEX bookings_reference ON bookings (reference)`.execute(db);
  // Holds by deadline: the sweep reads the oldest, a batch those of its show. Only what is still held is in it, so a sale in
  // one call never touches it.
  await sql`CREATE INDEX bookings_due ON bookings (expires_at, show_id, shard) WHERE status = 'held'`.execute(db);
  await sql`CREATE INDEX bookings_unpaid ON bookings (user_id, show_id, shard) WHERE status IN ('held', 'paying')`.execute(
    db,
  );

  await sql`
    CREATE TABLE tickets (
      id uuid NOT NULL,
      shard smallint NOT NULL,
      booking_id uuid NOT NULL,
      show_id uuid NOT NULL,
      section_id uuid NOT NULL,
      seat_id uuid,
      price bigint NOT NULL CHECK (price >= 0),
      status text NOT NULL CHECK (status IN ('held', 'valid', 'used', 'void')),
      PRIMARY KEY (id, shard),
      FOREIGN KEY (booking_id, shard) REFERENCES bookings (id, shard)
    )`.execute(db);
  await sql`CREATE INDEX tickets_booking_id ON tickets (booking_id, shard)`.execute(db);
  // The last wall: whatever the code above it believes, a seat of a show is named by at most one live ticket.
  await sql`CREATE UNIQUE INDEX tickets_live_seat ON tickets (show_id, seat_id, shard) WHERE status IN ('held', 'valid', 'used')`.execute(
    db,
  );

  await sql`
    CREATE TABLE booking_events (
      booking_id uuid NOT NULL,
      seq integer NOT NULL CHECK (seq > 0),
      shard smallint NOT NULL,
      type text NOT NULL,
      actor text NOT NULL,
      at timestamptz NOT NULL,
      data jsonb NOT NULL,
      previous_hash text NOT NULL,
      hash text NOT NULL,
      PRIMARY KEY (booking_id, seq, shard),
      FOREIGN KEY (booking_id, shard) REFERENCES bookings (id, shard)
    )`.execute(db);
}
