import { insertUser } from '@evently/api/auth/accounts';
import { createScriptContext } from '@evently/api/context';
import { listViolations } from '@evently/api/integrity/invariants';
import { createCaller } from '@evently/api/router';
import { createServices } from '@evently/api/services';
import { createTestShow, seated, standing } from '@evently/api/testing';
import { newId, shardOf } from '@evently/db/ids';
import type { Role } from '@evently/db/schema';
import { createTestDatabase } from '@evently/db/testing';
import { createEvently, type Evently, isProblem } from '@evently/sdk';
import { afterEach, expect, test } from 'vitest';
import { cleanUpProcesses, findFreePort, known, makeFolder, startServer } from './test-process.ts';

afterEach(cleanUpProcesses);

const SEATS = 30;
const PLACES = 40;
const BUYERS = 60;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

test('two server processes sell one show: every place once, every booking whole, and both know it', async () => {
  await using database = await createTestDatabase(10);
  const start = async () => {
    const port = String(await findFreePort());
    const folder = makeFolder();
    return await startServer({ ...known, PORT: port, DATA_DIR: folder, DATABASE_URL: database.url }, folder);
  };
  const servers = [await start(), await start()];
  const { db } = database;
  const services = createServices({ db, queues: { enqueue: async () => undefined }, log: quiet });
  const account = async (role: Role) => {
    const user = { email: `${newId()}@example.com`, name: 'Ada', passwordHash: '-', role, createdAt: new Date() };
    return await insertUser(db, user);
  };
  const { id: userId, ...admin } = await account('admin');
  const office = createCaller(createScriptContext(services, { userId, ...admin }));
  const { showId, seatIds, sectionIds } = await createTestShow(office, [seated(1, SEATS), standing(PLACES)]);

  const buyers = await Promise.all(
    Array.from({ length: BUYERS }, async (_, n): Promise<Evently> => {
      const { token } = await services.sessions.create(db, await account('user'));
      return createEvently({ url: servers[n % 2]!.url, token, retries: 0 });
    }),
  );
  const refusals: string[] = [];
  const sold = (
    await Promise.all(
      buyers.flatMap((buyer, n) => {
        // Everybody wants a seat near the middle, with a neighbour; and a place on the floor.
        const seat = Math.floor((SEATS - 2) * ((n % 7) / 6));
        const wishes = [
          { showId, seatIds: seatIds.slice(seat, seat + 2) },
          { showId, seatIds: [seatIds[(n * 7) % SEATS]!] },
          { showId, sections: [{ sectionId: sectionIds[1]!, quantity: 1 }] },
        ];
        return wishes.map(async (wish) => {
          try {
            return [await buyer.bookings.book(wish)];
          } catch (error) {
            if (!isProblem(error)) throw error;
            refusals.push(error.problem.code);
            return [];
          }
        });
      }),
    )
  ).flat();
  const tickets = sold.flatMap((booking) => booking.tickets);
  const seats = tickets.flatMap(({ seatId }) => seatId ?? []);
  expect(new Set(seats).size).toBe(seats.length);
  expect(tickets.length - seats.length).toBe(PLACES);
  expect(sold.length + refusals.length).toBe(BUYERS * 3);
  expect(new Set(refusals)).toEqual(new Set(['seat_taken', 'sold_out']));
  // Either process tells what both sold.
  const states = await Promise.all(servers.map(({ url }) => createEvently({ url }).events.seatStates({ showId })));
  expect(states[0]).toEqual(states[1]);
  expect(states[0]!.states.replaceAll('a', '')).toBe('b'.repeat(seats.length));
  expect(await listViolations(db, { showId, shard: shardOf(showId) })).toEqual([]);
});
