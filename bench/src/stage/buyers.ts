import { insertUser } from '@evently/api/auth/accounts';
import { createSessions } from '@evently/api/auth/sessions';
import type { Db } from '@evently/db/client';
import type { Stage } from '../scenario.ts';

/** Whose turn it is on a connection: its token. No two connections ever share a buyer. */
export type NextBuyer = (connection: number) => string;

/** A connection acts for several people in turn, as a door with many customers would. */
const BUYERS_PER_CONNECTION = 4;

/**
 * Makes accounts and signs them in, past the login: hashing a password takes longer than a booking, on purpose. The
 * sessions are what a login would have made.
 */
export async function signInBuyers(stage: Stage, db: Db): Promise<NextBuyer> {
  stage.progress.show('Sign buyers in');
  const sessions = createSessions(db, { days: 7 });
  const makeBuyer = async (name: string) => {
    // No password fits this hash.
    const buyer = { email: `${name}@bench.example`, name, passwordHash: '-', role: 'user' as const };
    const { id, role } = await insertUser(db, { ...buyer, createdAt: new Date() });
    return (await sessions.create(db, { id, role })).token;
  };
  const tokens = await Promise.all(
    Array.from({ length: stage.plan.connections }, (_, connection) =>
      Promise.all(Array.from({ length: BUYERS_PER_CONNECTION }, (_, i) => makeBuyer(`buyer-${connection}-${i}`))),
    ),
  );
  const turns = tokens.map(() => 0);
  return (connection) => {
    const turn = turns[connection] ?? 0;
    turns[connection] = turn + 1;
    const token = tokens[connection]?.[turn % BUYERS_PER_CONNECTION];
    if (token === undefined) throw new Error(`there is no connection ${connection}`);
    return token;
  };
}
