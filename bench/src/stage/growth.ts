import { createMulberry } from '@evently/api/mulberry';
import pg from 'pg';
import { at } from '../load/answer.ts';
import { scribble, WORDS, wordOf } from '../load/names.ts';
import type { Wanted } from '../load/reader.ts';
import type { Stage } from '../scenario.ts';
import type { Server } from './server.ts';

type Place = Pick<Stage, 'opened' | 'progress' | 'signal'>;

/** How much a database holds. The bookings are spread evenly, so there are a multiple of the events of them. */
export interface Size {
  events: number;
  bookings: number;
}

/** An artist gives so many shows, each an event of its own; as many as a page of the list holds. */
const EVENTS_PER_ARTIST = 20;
const GENRES =
  'jazz rock blues opera folk soul funk metal techno choral disco reggae swing gospel baroque punk salsa tango flamenco ambient'.split(
    ' ',
  );
const FIRST_NAMES = 400;
/** Artists of the same family name. */
const FAMILY = 25;
const VENUES = 200;
const USERS_AT_MOST = 100_000;
const ROWS_AT_ONCE = 20_000;
const YEARS_MS = 2 * 365 * 86_400_000;
/** Prime, and no divisor of any size: as the step between a booking's show and the next one's it visits every show. */
const STEP = 7919;
const SEED = 5;

/**
 * Fills a server's database as years of use would: events with a show to come each, in the lists and the search, and
 * confirmed bookings, paid at the door, with their tickets and histories. It is done in SQL, past the server, so the histories do not verify;
 * everything else is as the server would have left it. Foreign keys are not checked while it is loaded; every row they
 * name is there. Then the tables are vacuumed and analysed, as autovacuum has done to a database that grew over years.
 *
 * @returns what it took, in seconds
 */
export async function grow(stage: Place, { databaseUrl }: Pick<Server, 'databaseUrl'>, size: Size): Promise<number> {
  const began = performance.now();
  const clients = await Promise.all([connect(stage, databaseUrl), connect(stage, databaseUrl)]);
  const [first] = clients;
  await first.query(prepare(size, Date.now()));
  await first.query('INSERT INTO bench.words SELECT * FROM unnest($1::int[], $2::text[])', [
    Array.from({ length: WORDS }, (_, i) => i),
    Array.from({ length: WORDS }, (_, i) => wordOf(i)),
  ]);
  await first.query(`ANALYZE bench.words; ${fewRows(size)}`);
  const chunks = [
    ...chunksOf(size.events, (from, to) => events(from, to, size)),
    ...chunksOf(size.bookings, (from, to) => bookings(from, to, size)),
  ];
  let rows = 0;
  const tell = (what: string) => stage.progress.show(`Load ${size.events.toLocaleString('en')} events: ${what}`);
  await Promise.all(
    clients.map(async (client) => {
      for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) {
        stage.signal.throwIfAborted();
        await client.query(chunk.statements);
        rows += chunk.rows;
        tell(`${Math.round((100 * rows) / (size.events + size.bookings))} %`);
      }
    }),
  );
  tell('vacuum and analyse');
  await first.query('DROP SCHEMA bench CASCADE');
  for (const table of TABLES) await first.query(`VACUUM (ANALYZE) ${table}`);
  await first.query('CHECKPOINT');
  const seconds = (performance.now() - began) / 1000;
  const { events: e, bookings: b } = size;
  stage.progress.line(
    `${e.toLocaleString('en')} events and ${b.toLocaleString('en')} bookings loaded in ${seconds.toFixed(0)} s`,
  );
  return seconds;
}

const TABLES = [
  'users',
  'venues',
  'events',
  'shows',
  'show_inventory',
  'show_sections',
  'bookings',
  'tickets',
  'booking_events',
];

interface Search extends Wanted {
  input: { q: string };
}

/**
 * Searches for artists by name, each of which finds a full page whatever the size, and for a word that
 * many events share. Each is typed in a way of its own, so that an answer is looked for and not remembered.
 */
export function searches({ events: count }: Size): { byName: Search[]; byGenre: Search[] } {
  const artists = count / EVENTS_PER_ARTIST;
  const random = createMulberry(SEED);
  const find = (q: string): Search => ({
    procedure: 'events.list',
    input: { q },
    vary: () => ({ q: scribble(q, random) }),
    fits: (output) => {
      const items = at(output, 'items');
      return Array.isArray(items) && items.length === EVENTS_PER_ARTIST;
    },
  });
  const searched = Math.min(artists, 200);
  return {
    byName: Array.from({ length: searched }, (_, i) => find(nameOf(Math.floor((i * artists) / searched)))),
    byGenre: GENRES.slice(0, artists).map(find),
  };
}

const nameOf = (artist: number) =>
  `${wordOf(artist % FIRST_NAMES)} ${wordOf(FIRST_NAMES + (Math.floor(artist / FAMILY) % (WORDS - FIRST_NAMES)))}`;

function chunksOf(count: number, statementsOf: (from: number, to: number) => string) {
  return Array.from({ length: Math.ceil(count / ROWS_AT_ONCE) }, (_, i) => {
    const from = i * ROWS_AT_ONCE;
    const to = Math.min(from + ROWS_AT_ONCE, count) - 1;
    return { statements: statementsOf(from, to), rows: to - from + 1 };
  });
}

/** Ids as the server makes them: the time, the shard, and digits that look random but can be found again by number. */
const prepare = ({ events: e, bookings: b }: Size, now: number) => `
  CREATE SCHEMA bench;
  CREATE TABLE bench.words (i int PRIMARY KEY, word text NOT NULL);
  CREATE FUNCTION bench.id(kind text, ms bigint, shard int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN
    (lpad(to_hex(ms), 12, '0') || '7' || lpad(to_hex(shard), 3, '0') || '8' || substr(md5(kind || n), 1, 15))::uuid;
  CREATE FUNCTION bench.shard(n bigint) RETURNS int LANGUAGE sql IMMUTABLE RETURN (n * 1597 % 4096)::int;
  CREATE FUNCTION bench.ms(n bigint, of bigint) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN
    ${now - YEARS_MS} + n * ${YEARS_MS} / of;
  CREATE FUNCTION bench.at(ms bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE RETURN to_timestamp(ms / 1000.0);
  CREATE FUNCTION bench.event_id(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN
    bench.id('event', bench.ms(n, ${e}), bench.shard(n), n);
  CREATE FUNCTION bench.show_id(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN
    bench.id('show', bench.ms(n, ${e}), bench.shard(n), n);
  CREATE FUNCTION bench.starts_at(n bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE RETURN
    date_trunc('minute', bench.at(${now})) + interval '60 days' + make_interval(mins => (n * ${STEP} % 500000)::int);
  CREATE FUNCTION bench.venue_id(v bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN bench.id('venue', ${now - YEARS_MS}, 0, v);
  CREATE FUNCTION bench.section_id(v bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN bench.id('section', ${now - YEARS_MS}, 0, v);
  CREATE FUNCTION bench.user_id(u bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN
    bench.id('user', bench.ms(u, ${USERS_AT_MOST}), bench.shard(u), u);
  CREATE FUNCTION bench.booking_id(kind text, b bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN
    bench.id(kind, bench.ms(b, ${b}), bench.shard(b * ${STEP} % ${e}), b);
  CREATE FUNCTION bench.show_of(b bigint) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN b * ${STEP} % ${e};`;

/** Users and venues. */
const fewRows = ({ events: e, bookings: b }: Size) => `
  INSERT INTO users (id, email, name, password_hash, role, created_at)
  SELECT bench.user_id(u), 'user-' || u || '@grown.example', 'User ' || u, '-', 'user', bench.at(bench.ms(u, ${USERS_AT_MOST}))
  FROM generate_series(0, ${Math.min(USERS_AT_MOST, b) - 1}) AS u;
  INSERT INTO venues (id, name, city, country, time_zone, layout_version, version, created_at)
  SELECT bench.venue_id(v), 'Hall ' || initcap(word), initcap(word), 'AT', 'Europe/Vienna', 1, 1, now()
  FROM generate_series(0, ${VENUES - 1}) AS v JOIN bench.words ON i = ${WORDS - 1} - v;
  INSERT INTO venue_sections (id, venue_id, layout_version, position, name, kind, capacity)
  SELECT bench.section_id(v), bench.venue_id(v), 1, 0, 'Floor', 'standing', ${capacityOf({ events: e, bookings: b })}
  FROM generate_series(0, ${VENUES - 1}) AS v;`;

const capacityOf = ({ events: e, bookings: b }: Size) => Math.max(1000, (2 * b) / e);

const events = (from: number, to: number, size: Size) => `
  INSERT INTO events (id, name, slug, description, category, tags, status, version, created_at, published_at, search_text,
    next_show_at, last_show_at, next_city, cities, from_price, from_currency, sold_out)
  SELECT bench.event_id(n), name, replace(lower(name), ' ', '-') || '-' || n, description, category, ARRAY[genre], 'published', 2,
    bench.at(bench.ms(n, ${size.events})), bench.at(bench.ms(n, ${size.events})),
    lower(name || ' ' || category || ' ' || genre || ' hall ' || city || ' ' || city || ' ' || description),
    bench.starts_at(n), bench.starts_at(n), initcap(city), ARRAY[city], 2500, 'EUR', false
  FROM (
    SELECT n, initcap(f.word || ' ' || l.word) AS name, c.word AS city,
      'Two hours with a break after the first one doors open at seven everybody is welcome number ' || n AS description,
      (ARRAY['concert', 'theatre', 'dance', 'talk', 'comedy'])[1 + n % 5] AS category,
      (ARRAY['${GENRES.join("','")}'])[1 + n / ${EVENTS_PER_ARTIST} % ${GENRES.length}] AS genre
    FROM generate_series(${from}, ${to}) AS n
    JOIN bench.words f ON f.i = n / ${EVENTS_PER_ARTIST} % ${FIRST_NAMES}
    JOIN bench.words l ON l.i = ${FIRST_NAMES} + n / ${EVENTS_PER_ARTIST * FAMILY} % ${WORDS - FIRST_NAMES}
    JOIN bench.words c ON c.i = ${WORDS - 1} - n % ${VENUES}) AS made;
  INSERT INTO shows (id, event_id, venue_id, layout_version, starts_at, ends_at, currency, max_per_booking, hold_seconds,
    collect_at_door, status, version, created_at)
  SELECT bench.show_id(n), bench.event_id(n), bench.venue_id(n % ${VENUES}), 1, bench.starts_at(n),
    bench.starts_at(n) + interval '2 hours', 'EUR', 10, 600, true, 'scheduled', 1, bench.at(bench.ms(n, ${size.events}))
  FROM generate_series(${from}, ${to}) AS n;
  INSERT INTO show_inventory (show_id, shard, version, next_position)
  SELECT bench.show_id(n), bench.shard(n), ${size.bookings / size.events}, 1 FROM generate_series(${from}, ${to}) AS n;
  INSERT INTO show_sections (show_id, section_id, shard, price, capacity, sold)
  SELECT bench.show_id(n), bench.section_id(n % ${VENUES}), bench.shard(n), 2500, ${capacityOf(size)}, ${size.bookings / size.events}
  FROM generate_series(${from}, ${to}) AS n;`;

const bookings = (from: number, to: number, size: Size) => `
  INSERT INTO bookings (id, shard, reference, event_id, show_id, user_id, status, quantity, total, retained, currency,
    created_at, confirmed_at, idempotency_key, request_hash, version, history_seq, history_hash)
  SELECT id, shard, upper(substr(digits, 1, 5) || '-' || substr(digits, 6, 5)), event_id, show_id, user_id, 'confirmed', 1, 2500,
    0, 'EUR', made, made, digits::uuid::text, digits || digits, 1, 1, digits || digits
  FROM (SELECT bench.booking_id('booking', b) AS id, bench.shard(bench.show_of(b)) AS shard, md5('key' || b) AS digits,
      bench.event_id(bench.show_of(b)) AS event_id, bench.show_id(bench.show_of(b)) AS show_id,
      bench.user_id(b % ${USERS_AT_MOST}) AS user_id, bench.at(bench.ms(b, ${size.bookings})) AS made
    FROM generate_series(${from}, ${to}) AS b) AS made;
  INSERT INTO tickets (id, shard, booking_id, show_id, section_id, price, status)
  SELECT bench.booking_id('ticket', b), bench.shard(n), bench.booking_id('booking', b), bench.show_id(n),
    bench.section_id(n % ${VENUES}), 2500, 'valid'
  FROM generate_series(${from}, ${to}) AS b CROSS JOIN LATERAL (SELECT bench.show_of(b) AS n) AS s;
  INSERT INTO booking_events (booking_id, seq, shard, type, actor, at, data, previous_hash, hash)
  SELECT bench.booking_id('booking', b), 1, bench.shard(bench.show_of(b)), 'confirmed', 'user', now(),
    '{"tickets": [{"price": 2500, "status": "valid"}]}', '', md5('hash' || b) || md5('hash' || b)
  FROM generate_series(${from}, ${to}) AS b;`;

async function connect(stage: Place, connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: 'evently-bench-growth' });
  // A lost connection shows as a failed query; without a listener it would end this process instead.
  client.on('error', () => undefined);
  await client.connect();
  stage.opened.defer(() => client.end());
  await client.query('SET synchronous_commit = off; SET session_replication_role = replica');
  return client;
}
