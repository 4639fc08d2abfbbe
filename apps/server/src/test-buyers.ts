/** Help for tests of a rush: thousands of people who are signed in, and what each of their requests came to. */
import { createHash, randomBytes } from 'node:crypto';
import type { Db } from '@evently/db/client';
import { newId } from '@evently/db/ids';
import { createEvently, type Evently, isProblem } from '@evently/sdk';
import { sql } from 'kysely';
import { type Environment, findFreePort, known, makeFolder, type RunningServer, startServer } from './test-process.ts';

export type Wish = Parameters<Evently['bookings']['book']>[0];

/** A sale, or the code of the problem. */
export interface Answer {
  wish: Wish;
  bookingId: string | null;
  seatIds: string[];
  places: number;
  refused: string | null;
}

/** Accounts with sessions as a login makes them, without the work of hashing passwords; answers their tokens. */
export async function makeBuyers(db: Db, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId());
  const tokens = ids.map(() => `evo_${randomBytes(32).toString('base64url')}`);
  await sql`
    INSERT INTO users (id, email, name, password_hash, role, created_at)
    SELECT id, id || '@example.com', 'Ada', '-', 'user', now() FROM unnest(${ids}::uuid[]) AS made (id)`.execute(db);
  await sql`
    INSERT INTO sessions (id, user_id, expires_at)
    SELECT hash, id, now() + interval '1 day'
    FROM unnest(${tokens.map(hashToken)}::text[], ${ids}::uuid[]) AS made (hash, id)`.execute(db);
  return tokens;
}

export const hashToken = (token: string) => createHash('sha256').update(token).digest('hex');

/** A server over a database and a Redis that others may use, too; null: without Redis. @param own further settings */
export async function startServerOn(
  databaseUrl: string,
  redisUrl: string | null,
  own: Environment = {},
): Promise<RunningServer> {
  const folder = makeFolder();
  const port = String(await findFreePort());
  const shared = { DATABASE_URL: databaseUrl, ...(redisUrl === null ? { REDIS: 'off' } : { REDIS_URL: redisUrl }) };
  // So that all of them are at the counter at once, however many.
  const room = { WAITING_ROOM_THRESHOLD: '1000000' };
  return await startServer({ ...known, ...shared, ...room, ...own, PORT: port, DATA_DIR: folder }, folder);
}

/** Sends it once. @throws whatever is no answer of the server */
export async function book(url: string, token: string, wish: Wish): Promise<Answer> {
  try {
    const { id, tickets } = await createEvently({ url, token, retries: 0 }).bookings.book(wish);
    const seatIds = tickets.flatMap(({ seatId }) => seatId ?? []);
    return { wish, bookingId: id, seatIds, places: tickets.length - seatIds.length, refused: null };
  } catch (error) {
    if (!isProblem(error) || error.requestId === '') throw error;
    return { wish, bookingId: null, seatIds: [], places: 0, refused: error.problem.code };
  }
}

/** Works all of them off, so many at once. */
export async function workOff<T>(items: Iterable<T>, atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const turns = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = turns.next(); !next.done; next = turns.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
