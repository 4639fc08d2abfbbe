import type { Db } from '@evently/db/client';
import { newId } from '@evently/db/ids';
import type { Role } from '@evently/db/schema';
import { createTestDatabase } from '@evently/db/testing';
import { openJobQueues } from '@evently/jobs/queues';
import { insertUser } from './auth/accounts.ts';
import { type Actor, createScriptContext, type Services } from './context.ts';
import { createSeatLocks, noSeatLocks, type SeatLocks } from './locks.ts';
import { createRedis } from './redis-connection.ts';
import { createCaller } from './router.ts';
import { createServices, type ServicesSettings } from './services.ts';

export type Caller = ReturnType<typeof createCaller>;

/** The whole office on a database of its own, without the door: everything real, called in this process. */
export interface TestOffice extends AsyncDisposable {
  db: Db;
  databaseUrl: string;
  services: Services;
  /** Another office over the same database, as another process would have it. */
  open: (own?: Partial<ServicesSettings>) => Promise<Services>;
  /** Somebody new. */
  actor: (role?: Role) => Promise<Actor>;
  /** As whom procedures are called; nobody when null. */
  as: (actor: Actor | null, services?: Services) => Caller;
}

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * @param poolSize connections of the office; races want enough for several batches and reads at once
 * @param redisUrl of the Redis in which seats are locked; absent: they are not
 * @param own settings besides
 */
export async function createTestOffice(
  poolSize = 10,
  redisUrl?: string,
  own: Partial<ServicesSettings> = {},
): Promise<TestOffice> {
  const opened = new AsyncDisposableStack();
  const database = opened.use(await createTestDatabase(poolSize));
  const { db, url } = database;
  const queues = await openJobQueues({ url, poolSize: 2, works: false, onError: () => undefined });
  opened.defer(() => queues.stop(1000));
  const open = async (ofThis: Partial<ServicesSettings> = {}) => {
    const services = createServices({ db, queues, log: quiet, locks: openLocks(opened, redisUrl), ...own, ...ofThis });
    opened.defer(() => services.boxOffice.drain());
    opened.defer(() => services.seatMaps.close());
    return services;
  };
  const services = await open();
  return {
    db,
    databaseUrl: url,
    services,
    open,
    async actor(role = 'user') {
      // No password fits this hash; who needs to sign in registers.
      const user = { email: `${newId()}@example.com`, name: 'Ada', passwordHash: '-', role, createdAt: new Date() };
      const { id, email, name } = await insertUser(db, user);
      return { userId: id, email, name, role };
    },
    as: (actor, of = services) => createCaller(createScriptContext(of, actor)),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function openLocks(opened: AsyncDisposableStack, redisUrl: string | undefined): SeatLocks {
  if (redisUrl === undefined) return noSeatLocks;
  const { redis, close } = createRedis({ url: redisUrl, log: quiet });
  opened.defer(close);
  const locks = createSeatLocks({ redis, log: quiet });
  opened.defer(() => locks.drain());
  return locks;
}

export interface TestShow {
  showId: string;
  eventId: string;
  venueId: string;
  sectionIds: string[];
  /** In layout order. */
  seatIds: string[];
}

type VenueInput = Parameters<Caller['admin']['venues']['create']>[0];
type ShowInput = Parameters<Caller['admin']['shows']['create']>[0];

export const standing = (capacity: number, name = 'Floor') => ({ name, kind: 'standing' as const, capacity });
export const seated = (rows: number, seats: number, name = 'Stalls') => ({
  name,
  kind: 'seated' as const,
  rows: Array.from({ length: rows }, (_, row) => ({ row: String(row + 1), seats })),
});

/** A published event with one show on sale: the sections, each at a price (0 unless said otherwise). */
export async function createTestShow(
  admin: Caller,
  sections: VenueInput['sections'],
  options: Partial<Omit<ShowInput, 'prices'>> & { amounts?: number[] } = {},
): Promise<TestShow> {
  const { amounts = [], ...show } = options;
  const venue = await admin.admin.venues.create({
    name: 'Hall',
    city: 'Vienna',
    country: 'AT',
    timeZone: 'Europe/Vienna',
    sections,
  });
  const event = await admin.admin.events.create({ name: 'Evening', description: 'An evening.', category: 'concert' });
  const startsAt = new Date(Date.now() + 30 * 86_400_000);
  const { id: showId } = await admin.admin.shows.create({
    eventId: event.id,
    venueId: venue.id,
    startsAt: startsAt.toISOString(),
    endsAt: new Date(startsAt.getTime() + 7_200_000).toISOString(),
    currency: 'EUR',
    prices: venue.sections.map(({ id }, index) => ({ sectionId: id, amount: amounts[index] ?? 0 })),
    ...show,
  });
  await admin.admin.events.publish({ eventId: event.id });
  const layout = await admin.events.seatLayout({ showId });
  const seatIds = layout.sections.flatMap(({ rows }) => rows.flatMap(({ seats }) => seats.map((seat) => seat.seatId)));
  return { showId, eventId: event.id, venueId: venue.id, sectionIds: venue.sections.map(({ id }) => id), seatIds };
}

/** A key that no other request has. */
export const newKey = (): string => newId();

/** What became of each of several attempts: how many were done, how many refused by which problem. */
export function tally(results: readonly PromiseSettledResult<unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const result of results) {
    const outcome = result.status === 'fulfilled' ? 'done' : codeOf(result.reason);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

/** The problem's code in an error that a procedure threw; the message of anything else, so that a test shows it. */
export function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'problem' in cause) return (cause.problem as { code: string }).code;
  return error instanceof Error ? error.message : String(error);
}
