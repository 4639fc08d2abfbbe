import { insertUser } from '@evently/api/auth/accounts';
import { createScriptContext, type Services } from '@evently/api/context';
import { createCaller } from '@evently/api/router';
import { createEvently, isProblem, type SeatLayout } from '@evently/sdk';
import type { Progress } from '../progress.ts';
import type { Customer, RushShow } from './floor.ts';
import { planHoldSeconds, planRows, type RushOptions } from './plan.ts';

/** A show to fight for, and those who will. */
export interface Stage {
  url: string;
  show: RushShow;
  layout: SeatLayout;
  customers: Customer[];
  /** Ends the buyers' sessions. */
  close: () => Promise<void>;
}

/**
 * Makes the buyers and the show, in the database; all that follows goes through the server.
 *
 * @throws Error with a sentence for the operator when the server does not know the buyers: it has another database
 */
export async function prepareStage(
  services: Services,
  url: string,
  options: RushOptions,
  progress: Progress,
): Promise<Stage> {
  await using opened = new AsyncDisposableStack();
  const accounts = await progress.step('Let the buyers in', (report) => openAccounts(services, options.buyers, report));
  opened.defer(() => endSessions(services, accounts));
  const customers = accounts.map(({ userId, token }) => ({
    userId,
    evently: createEvently({ url, token }),
  }));
  const [first] = customers;
  if (!first) throw new Error('A rush wants buyers.');
  const { show, layout } = await progress.step('Announce the show', async () => {
    await demandSameDatabase(first, url);
    const show = await createShow(services, options);
    return { show, layout: await first.evently.events.seatLayout({ showId: show.showId }) };
  });
  const toClose = opened.move();
  return { url, show, layout, customers, close: () => toClose.disposeAsync() };
}

/** @throws Error when a user of our database is nobody to the server */
async function demandSameDatabase({ evently }: Customer, url: string): Promise<void> {
  try {
    await evently.auth.me();
  } catch (error) {
    if (!isProblem(error, 'unauthenticated')) throw error;
    throw new Error(
      `The server at ${url} works on another database than this command. A rush asks the database for its verdict: run it with the DATABASE_URL or DATA_DIR of that server.`,
    );
  }
}

interface OpenAccount {
  userId: string;
  token: string;
}

/** How many accounts are opened at once; the pool has more connections than that. */
const AT_ONCE = 4;

/** Accounts of their own for rushes, the same ones every time. No password fits them, and no mail reaches them. */
async function openAccounts(
  services: Services,
  buyers: number,
  report: (done: number, total: number) => void,
): Promise<OpenAccount[]> {
  const { db, sessions } = services;
  const emails = Array.from({ length: buyers }, (_, index) => `buyer-${index + 1}@rush.invalid`);
  const rows = await db.selectFrom('users').select(['id', 'email', 'role']).where('email', 'in', emails).execute();
  const known = new Map(rows.map((row) => [row.email, row]));
  const accounts: OpenAccount[] = [];
  const left = emails.map((email, index) => ({ email, index })).reverse();
  const worker = async () => {
    for (let next = left.pop(); next; next = left.pop()) {
      const { email, index } = next;
      const facts = { email, name: `Buyer ${index + 1}`, passwordHash: '-', role: 'user' as const };
      const user = known.get(email) ?? (await insertUser(db, { ...facts, createdAt: services.now() }));
      const { token } = await sessions.create(db, user);
      accounts.push({ userId: user.id, token });
      report(accounts.length, buyers);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return accounts;
}

async function endSessions({ sessions }: Services, accounts: readonly OpenAccount[]): Promise<void> {
  const left = [...accounts];
  const worker = async () => {
    for (let next = left.pop(); next; next = left.pop()) await sessions.end(next.token);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** After this, the show has begun and is in no list any more. */
const STARTS_AFTER_MS = 10 * 60_000;
const LASTS_MS = 2 * 3_600_000;

async function createShow(services: Services, { seats, places, seconds, price }: RushOptions): Promise<RushShow> {
  const { admin } = createCaller(createScriptContext(services, await findAdmin(services)));
  const rows = planRows(seats).map((width, index) => ({ row: String.fromCharCode(65 + index), seats: width }));
  const venue = await admin.venues.create({
    name: 'Rush Hall',
    city: 'Nowhere',
    country: 'AT',
    timeZone: 'UTC',
    sections: [
      ...(seats > 0 ? [{ name: 'Seats', kind: 'seated' as const, rows }] : []),
      ...(places > 0 ? [{ name: 'Floor', kind: 'standing' as const, capacity: places }] : []),
    ],
    // The second rush of its kind finds the hall of the first.
    idempotencyKey: `rush-hall-1-${seats}-${places}`,
  });
  const now = services.now();
  const name = `Rush ${now.toTimeString().slice(0, 8)}`;
  const event = await admin.events.create({
    name,
    description: `Made by "pnpm evently rush" to see who is faster. Its buyers are made up, and so is the money.`,
    category: 'rush',
  });
  const startsAt = new Date(now.getTime() + seconds * 1000 + STARTS_AFTER_MS);
  const holdSeconds = planHoldSeconds(seconds);
  const { id: showId, sections } = await admin.shows.create({
    eventId: event.id,
    venueId: venue.id,
    startsAt: startsAt.toISOString(),
    endsAt: new Date(startsAt.getTime() + LASTS_MS).toISOString(),
    currency: 'EUR',
    prices: venue.sections.map(({ id }) => ({ sectionId: id, amount: price })),
    holdSeconds,
  });
  // All of them shall race, however many.
  await admin.shows.waitingRoom({ showId, mode: 'off' });
  await admin.events.publish({ eventId: event.id });
  const standing = sections.find(({ kind }) => kind === 'standing');
  return {
    showId,
    name,
    startsAt,
    seatedId: sections.find(({ kind }) => kind === 'seated')?.sectionId ?? null,
    standingId: standing?.sectionId ?? null,
    standingCapacity: standing?.capacity ?? 0,
    capacity: sections.reduce((sum, { capacity }) => sum + capacity, 0),
    price,
    holdSeconds,
  };
}

async function findAdmin({ db }: Services) {
  const admin = await db
    .selectFrom('users')
    .select(['id as userId', 'email', 'name', 'role'])
    .where('role', '=', 'admin')
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst();
  if (!admin) throw new Error('There is no admin who could make the show: pnpm evently admin create --email …');
  return admin;
}
