/** What the matrices of permissions and of bad input are run over: people, a hall, a draft, a published event. */
import { insertUser } from '@evently/api/auth/accounts';
import { createScriptContext } from '@evently/api/context';
import { createCaller } from '@evently/api/router';
import { type Caller, createTestShow, newKey, seated, standing, type TestShow } from '@evently/api/testing';
import { newId } from '@evently/db/ids';
import type { Role } from '@evently/db/schema';
import { sql } from 'kysely';
import { startTestServer, type TestServer } from './testing.ts';

/** Everybody's password; hashed once, since a hash takes tens of milliseconds. */
export const PASSWORD = 'correct horse battery staple';

/** What a procedure is called with. */
export type Input = Record<string, unknown>;

export interface Person {
  id: string;
  email: string;
  role: Role;
  token: string;
}

export interface World extends AsyncDisposable {
  server: TestServer;
  /** An admin who calls within this process, to prepare things. */
  admin: Caller;
  /** On sale and free: 40 rows of 25 seats, and a floor. */
  show: TestShow;
  /** Somebody new, signed in. */
  person: (role?: Role) => Promise<Person>;
  /** Calls as somebody, within this process. */
  as: (person: Person) => Caller;
  /** A seat that nobody was given yet. */
  nextSeat: () => string;
  /** A hold of one place of this person's. */
  hold: (person: Person) => Promise<string>;
  /** A confirmed booking of this person's. */
  sale: (person: Person) => Promise<{ bookingId: string; ticketIds: string[] }>;
  /** A new draft with one show. */
  draft: () => Promise<{ eventId: string; showId: string }>;
  /** The same, published. */
  published: () => Promise<{ eventId: string; showId: string }>;
  /** The same, cancelled with its show. */
  cancelled: () => Promise<{ eventId: string; showId: string }>;
  /** A published show that has no places to sell yet. */
  full: () => Promise<{ showId: string; sectionIds: string[] }>;
  /** This person's place in a waitlist. */
  wait: (person: Person) => Promise<string>;
  /** The same, with an offer. */
  offer: (person: Person) => Promise<string>;
  /** A new cancellation policy. */
  policy: () => Promise<string>;
  /** Every row of every table that procedures write, as one hash per table. */
  fingerprint: () => Promise<Record<string, string>>;
}

const DAY_MS = 86_400_000;

/** When the world's shows begin and end. */
export const startsAt = new Date(Date.now() + 30 * DAY_MS).toISOString();
export const endsAt = new Date(Date.now() + 31 * DAY_MS).toISOString();

export async function createWorld(): Promise<World> {
  const server = await startTestServer();
  const { db, services } = server;
  const passwordHash = await services.passwords.hash(PASSWORD);
  const as = ({ id: userId, email, role }: Person) =>
    createCaller(createScriptContext(services, { userId, email, name: 'Ada', role }));
  const person = async (role: Role = 'user'): Promise<Person> => {
    const user = { email: `${newId()}@example.com`, name: 'Ada', passwordHash, role, createdAt: new Date() };
    const { id, email } = await insertUser(db, user);
    const { token } = await services.sessions.create(db, { id, role });
    return { id, email, role, token };
  };
  const admin = as(await person('admin'));
  const show = await createTestShow(admin, [seated(40, 25), standing(10_000)]);
  const seats = show.seatIds.values();

  const draft = async (capacity?: number) => {
    const event = await admin.admin.events.create({ name: 'Draft', description: 'A plan.', category: 'talk' });
    const prices = show.sectionIds.map((sectionId) => ({ sectionId, amount: 0, capacity }));
    const made = { eventId: event.id, venueId: show.venueId, startsAt, endsAt, currency: 'EUR', prices };
    return { eventId: event.id, showId: (await admin.admin.shows.create(made)).id };
  };
  const published = async (capacity?: number) => {
    const made = await draft(capacity);
    await admin.admin.events.publish({ eventId: made.eventId });
    return made;
  };
  const newFull = async () => ({ showId: (await published(0)).showId, sectionIds: show.sectionIds });
  let first: ReturnType<typeof newFull> | undefined;
  const full = () => {
    first ??= newFull();
    return first;
  };
  const join = async (owner: Person, showId: string) =>
    (await as(owner).waitlist.join({ showId, quantity: 2, idempotencyKey: newKey() })).id;

  return {
    server,
    admin,
    show,
    person,
    as,
    nextSeat() {
      const { value } = seats.next();
      if (value === undefined) throw new Error('the hall of the matrices has too few seats');
      return value;
    },
    async hold(owner) {
      const sections = [{ sectionId: show.sectionIds[1]!, quantity: 1 }];
      return (await as(owner).bookings.hold({ showId: show.showId, sections, idempotencyKey: newKey() })).id;
    },
    async sale(owner) {
      const sections = [{ sectionId: show.sectionIds[1]!, quantity: 2 }];
      const booking = await as(owner).bookings.book({ showId: show.showId, sections, idempotencyKey: newKey() });
      return { bookingId: booking.id, ticketIds: [booking.tickets[0]!.id] };
    },
    draft: () => draft(),
    published: () => published(),
    full,
    wait: async (owner) => join(owner, (await full()).showId),
    async offer(owner) {
      const { showId, sectionIds } = await newFull();
      const entryId = await join(owner, showId);
      await admin.admin.shows.setCapacity({ showId, sectionId: sectionIds[1]!, capacity: 2 });
      return entryId;
    },
    async cancelled() {
      const made = await published();
      await admin.admin.events.cancel({ eventId: made.eventId, reason: 'A storm.' });
      return made;
    },
    async policy() {
      const rules = [{ hoursBefore: 24, refundPercent: 50, feeAmount: 100 }];
      return (await admin.admin.policies.create({ name: 'Half', rules })).id;
    },
    fingerprint: () => fingerprint(server),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function fingerprint({ db }: TestServer): Promise<Record<string, string>> {
  const { rows: tables } = await sql<{ name: string }>`
    SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
    WHERE (schemaname = 'public' AND tablename NOT LIKE 'kysely\_%') OR (schemaname, tablename) = ('pgboss', 'job')
    ORDER BY 1`.execute(db);
  const hashes = tables.map(
    ({ name }) => sql`
      SELECT ${name} AS name, count(*) || ' ' || coalesce(md5(string_agg(t::text, E'\n' ORDER BY t::text)), '') AS hash
      FROM ${sql.raw(name)} AS t`,
  );
  const { rows } = await sql<{ name: string; hash: string }>`${sql.join(hashes, sql` UNION ALL `)}`.execute(db);
  return Object.fromEntries(rows.map(({ name, hash }) => [name, hash]));
}
