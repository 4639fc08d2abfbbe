import { type Kysely, sql } from 'kysely';

/** Venues, events and shows. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE venues (
      id uuid PRIMARY KEY,
      name text NOT NULL,
      address text,
      city text NOT NULL,
      country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
      time_zone text NOT NULL,
      layout_version integer NOT NULL CHECK (layout_version > 0),
      version integer NOT NULL CHECK (version > 0),
      created_at timestamptz NOT NULL
    )`.execute(db);

  // A layout never changes: a venue that is rebuilt gets another layout version, and shows keep the one they were sold with.
  await sql`
    CREATE TABLE venue_sections (
      id uuid PRIMARY KEY,
      venue_id uuid NOT NULL REFERENCES venues (id),
      layout_version integer NOT NULL,
      position integer NOT NULL,
      name text NOT NULL,
      kind text NOT NULL CHECK (kind IN ('seated', 'standing')),
      capacity integer NOT NULL CHECK (capacity > 0),
      UNIQUE (venue_id, layout_version, position),
      UNIQUE (venue_id, layout_version, name)
    )`.execute(db);
  await sql`
    CREATE TABLE venue_seats (
      id uuid PRIMARY KEY,
      section_id uuid NOT NULL REFERENCES venue_sections (id),
      position integer NOT NULL,
      row_label text NOT NULL,
      number text NOT NULL,
      x double precision NOT NULL,
      y double precision NOT NULL,
      UNIQUE (section_id, position),
      UNIQUE (section_id, row_label, number)
    )`.execute(db);

  // search_text, next_show_at, last_show_at, next_city, cities, from_price and sold_out are derived from the event and its
  // shows for the sake of listing; refresh-listings.ts is their only writer.
  await sql`
    CREATE TABLE events (
      id uuid PRIMARY KEY,
      name text NOT NULL,
      slug text NOT NULL,
      description text NOT NULL,
      category text NOT NULL,
      tags text[] NOT NULL,
      image_url text,
      status text NOT NULL CHECK (status IN ('draft', 'published', 'cancelled')),
      version integer NOT NULL CHECK (version > 0),
      created_at timestamptz NOT NULL,
      published_at timestamptz,
      search_text text NOT NULL,
      search tsvector GENERATED ALWAYS AS (to_tsvector('simple', search_text)) STORED,
      next_show_at timestamptz,
      last_show_at timestamptz,
      next_city text,
      cities text[] NOT NULL,
      from_price bigint,
      from_currency text,
      sold_out boolean NOT NULL
    )`.execute(db);
  await sql`CREATE INDEX events_listing ON events (next_show_at, id) WHERE status = 'published' AND next_show_at IS NOT NULL`.execute(
    db,
  );
  await sql`CREATE INDEX events_category ON events (category, next_show_at, id) WHERE status = 'published' AND next_show_at IS NOT NULL`.execute(
    db,
  );
  await sql`CREATE INDEX events_search ON events USING gin (search)`.execute(db);
  await sql`CREATE INDEX events_cities ON events USING gin (cities)`.execute(db);

  await sql`
    CREATE TABLE shows (
      id uuid PRIMARY KEY,
      event_id uuid NOT NULL REFERENCES events (id) ON DELETE CASCADE,
      venue_id uuid NOT NULL REFERENCES venues (id),
      layout_version integer NOT NULL,
      starts_at timestamptz NOT NULL,
      ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
      sales_open_at timestamptz,
      sales_close_at timestamptz,
      currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
      max_per_booking integer NOT NULL CHECK (max_per_booking > 0),
      hold_seconds integer NOT NULL CHECK (hold_seconds > 0),
      collect_at_door boolean NOT NULL,
      status text NOT NULL CHECK (status IN ('scheduled', 'cancelled')),
      version integer NOT NULL CHECK (version > 0),
      created_at timestamptz NOT NULL
    )`.execute(db);
  await sql`CREATE INDEX shows_event_id ON shows (event_id, starts_at)`.execute(db);
  await sql`CREATE INDEX shows_venue_id ON shows (venue_id)`.execute(db);
}
