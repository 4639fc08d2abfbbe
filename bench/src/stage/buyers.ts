import { createHash, randomBytes } from 'node:crypto';
import type { Db } from '@evently/db/client';
import { newId } from '@evently/db/ids';
import { sql } from 'kysely';
import type { Stage } from '../scenario.ts';

/** Whose turn it is on a connection: its token. No two connections ever share a buyer. */
export type NextBuyer = (connection: number) => string;

/** A connection acts for several people in turn, as a door with many customers would. */
const BUYERS_PER_CONNECTION = 4;
const SESSION_DAYS = 7;
const TOKEN_BYTES = 32;

/** Signs in a few buyers for each connection. @param connections absent: as many as the plan says */
export async function signInBuyers(
  stage: Stage,
  db: Db,
  connections: number = stage.plan.connections,
): Promise<NextBuyer> {
  stage.progress.show('Sign buyers in');
  const tokens = await makeBuyers(db, connections * BUYERS_PER_CONNECTION);
  const turns = Array.from({ length: connections }, () => 0);
  return (connection) => {
    const turn = turns[connection];
    if (turn === undefined) throw new Error(`there is no connection ${connection}`);
    turns[connection] = (turn + 1) % BUYERS_PER_CONNECTION;
    return tokens[connection * BUYERS_PER_CONNECTION + turn]!;
  };
}

/**
 * Makes accounts and signs them in, past the login: hashing a password takes longer than a booking, on purpose. The
 * sessions are what a login would have made. Two statements, however many there are.
 *
 * @returns their tokens
 */
export async function makeBuyers(db: Db, count: number): Promise<string[]> {
  const buyers = Array.from({ length: count }, () => {
    const id = newId();
    return { id, email: `${id}@bench.example`, token: `evo_${randomBytes(TOKEN_BYTES).toString('base64url')}` };
  });
  const ids = buyers.map(({ id }) => id);
  // No password fits this hash.
  await sql`
    INSERT INTO users (id, email, name, password_hash, role, created_at)
    SELECT id, email, 'A buyer', '-', 'user', now()
    FROM unnest(${ids}::uuid[], ${buyers.map(({ email }) => email)}::text[]) AS b (id, email)`.execute(db);
  await sql`
    INSERT INTO sessions (id, user_id, expires_at)
    SELECT hash, id, now() + make_interval(days => ${SESSION_DAYS})
    FROM unnest(${buyers.map(({ token }) => hashOf(token))}::text[], ${ids}::uuid[]) AS b (hash, id)`.execute(db);
  return buyers.map(({ token }) => token);
}

/** What the server stores of a token. */
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');
