import { type Kysely, sql } from 'kysely';

/** Money that moves, what the sandbox provider remembers of it, and mails that were sent. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // A booking that was refused after all gives its key free: only successes are remembered.
  await sql`ALTER TABLE bookings ALTER COLUMN idempotency_key DROP NOT NULL`.execute(db);

  // Free text stays out of the history, whose hashes are for ever; it stands here, where it can be erased.
  await sql`ALTER TABLE bookings ADD COLUMN cancellation_reason text`.execute(db);

  await sql`
    CREATE TABLE payments (
      id uuid NOT NULL,
      shard smallint NOT NULL,
      booking_id uuid NOT NULL,
      show_id uuid NOT NULL,
      kind text NOT NULL CHECK (kind IN ('charge', 'refund')),
      status text NOT NULL CHECK (status IN ('started', 'requested', 'succeeded', 'failed', 'unknown')),
      amount bigint NOT NULL CHECK (amount > 0),
      currency text NOT NULL,
      provider text NOT NULL,
      charge_id uuid CHECK ((charge_id IS NOT NULL) = (kind = 'refund')),
      gives_back boolean NOT NULL,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (id, shard),
      FOREIGN KEY (booking_id, shard) REFERENCES bookings (id, shard),
      CONSTRAINT payments_kind_status CHECK (CASE kind WHEN 'refund' THEN status IN ('requested', 'succeeded', 'failed')
        ELSE status <> 'requested' END)
    )`.execute(db);
  await sql`CREATE INDEX payments_booking_id ON payments (booking_id, shard)`.execute(db);
  await sql`CREATE INDEX payments_open ON payments (created_at) WHERE status IN ('started', 'unknown', 'requested')`.execute(
    db,
  );

  // The sandbox provider's own books. A real provider keeps them elsewhere; they outlive a crash of this process there, too.
  await sql`
    CREATE TABLE sandbox_charges (
      id uuid PRIMARY KEY,
      status text NOT NULL CHECK (status IN ('succeeded', 'declined')),
      reason text,
      amount bigint NOT NULL,
      currency text NOT NULL
    )`.execute(db);
  await sql`
    CREATE TABLE sandbox_refunds (
      id uuid PRIMARY KEY,
      charge_id uuid NOT NULL REFERENCES sandbox_charges (id),
      amount bigint NOT NULL CHECK (amount > 0)
    )`.execute(db);

  await sql`
    CREATE TABLE notifications (
      id uuid PRIMARY KEY,
      kind text NOT NULL CHECK (kind IN ('booking_confirmed')),
      booking_id uuid NOT NULL,
      user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
      channel text NOT NULL CHECK (channel IN ('email')),
      status text NOT NULL CHECK (status IN ('pending', 'sent')),
      created_at timestamptz NOT NULL,
      sent_at timestamptz,
      UNIQUE (booking_id, kind, user_id, channel)
    )`.execute(db);
}
