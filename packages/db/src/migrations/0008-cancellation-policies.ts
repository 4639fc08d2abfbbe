import { type Kysely, sql } from 'kysely';

/** What goes back when a booking is cancelled, and shows and events that are cancelled as a whole. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE cancellation_policies (
      id uuid PRIMARY KEY,
      name text NOT NULL,
      rules jsonb NOT NULL,
      version integer NOT NULL CHECK (version > 0),
      created_at timestamptz NOT NULL
    )`.execute(db);

  // A show keeps a copy of the rules of its policy, and of those it had before: what was bought under them is cancelled
  // under them. Null: it never had any.
  await sql`
    ALTER TABLE shows
      ADD COLUMN refund_terms jsonb,
      ADD COLUMN cancelled_at timestamptz,
      ADD COLUMN cancelled_by uuid,
      ADD COLUMN cancellation_reason text,
      ADD COLUMN cancellation_finished_at timestamptz`.execute(db);
  await sql`
    ALTER TABLE events
      ADD COLUMN cancelled_at timestamptz,
      ADD COLUMN cancelled_by uuid,
      ADD COLUMN cancellation_reason text,
      ADD COLUMN cancellation_finished_at timestamptz`.execute(db);

  // What a job that looks for unfinished work reads every few seconds: next to nothing, however much is finished.
  for (const table of ['shows', 'events']) {
    await sql`
      CREATE INDEX ${sql.ref(`${table}_cancelling`)} ON ${sql.table(table)} (cancelled_at)
      WHERE cancelled_at IS NOT NULL AND cancellation_finished_at IS NULL`.execute(db);
  }

  // How far the cancellation of a show has come. Claims and sales never touch either index.
  await sql`
    CREATE INDEX bookings_cancelled ON bookings (show_id, cancelled_at, shard) WHERE status = 'cancelled'`.execute(db);
  await sql`CREATE INDEX payments_refunds ON payments (show_id, created_at, shard) WHERE kind = 'refund'`.execute(db);

  // A mail is about a booking, or about somebody's place in a waitlist.
  await sql`ALTER TABLE notifications RENAME COLUMN booking_id TO about_id`.execute(db);
  await sql`
    ALTER TABLE notifications DROP CONSTRAINT notifications_kind_check, ADD CONSTRAINT notifications_kind_check
      CHECK (kind IN ('booking_confirmed', 'booking_cancelled', 'places_offered', 'waitlist_closed'))`.execute(db);
}
