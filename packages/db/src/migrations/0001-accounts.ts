import { type Kysely, sql } from 'kysely';

/** People, their sessions, and the keys under which they created things. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE users (
      id uuid PRIMARY KEY,
      email text NOT NULL UNIQUE CHECK (email = lower(email)),
      name text NOT NULL,
      password_hash text NOT NULL,
      role text NOT NULL CHECK (role IN ('user', 'staff', 'admin')),
      created_at timestamptz NOT NULL
    )`.execute(db);

  // The id is the SHA-256 of the token: who reads this table cannot sign in with what it says.
  await sql`
    CREATE TABLE sessions (
      id text PRIMARY KEY,
      user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
      expires_at timestamptz NOT NULL
    )`.execute(db);
  await sql`CREATE INDEX sessions_user_id ON sessions (user_id)`.execute(db);
  await sql`CREATE INDEX sessions_expires_at ON sessions (expires_at)`.execute(db);

  await sql`
    CREATE TABLE idempotency_keys (
      user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
      procedure text NOT NULL,
      key text NOT NULL,
      request_hash text NOT NULL,
      target_id uuid NOT NULL,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (key, user_id, procedure)
    )`.execute(db);
}
