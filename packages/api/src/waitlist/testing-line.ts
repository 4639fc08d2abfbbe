/** An office with people who wait, for tests of the waitlist. */

import { shardOf } from '@evently/db/ids';
import { sql } from 'kysely';
import type { Actor, Services } from '../context.ts';
import { listViolations } from '../integrity/invariants.ts';
import {
  type Caller,
  codeOf,
  createTestOffice,
  createTestShow,
  newKey,
  type TestOffice,
  type TestShow,
} from '../testing.ts';

/** A show of which every place is sold. */
export interface FullShow extends TestShow {
  /** Cancels the booking of one place; the seats come first. */
  cancel: (place: number) => Promise<unknown>;
}

export interface LineOffice extends AsyncDisposable {
  office: TestOffice;
  admin: Caller;
  /** Who has bought everything. */
  house: Caller;
  people: Actor[];
  /** Two box offices over one database, as two processes have them. */
  offices: Services[];
  /** Somebody, at one of the offices. */
  as: (person: number, of?: number) => Caller;
  sellOut: (sections: Parameters<typeof createTestShow>[1]) => Promise<FullShow>;
  join: (person: number, show: TestShow, quantity?: number, of?: number) => ReturnType<Caller['waitlist']['join']>;
  statusOf: (person: number, entryId: string) => Promise<string>;
  violations: (show: TestShow) => Promise<string[]>;
  /** Lets the deadline of a hold lie in the past, as it will once nobody has come for long enough. */
  runOut: (bookingId: string) => Promise<unknown>;
}

/** What became of a call: the code of its problem, or `done`. */
export const problemOf = (work: Promise<unknown>): Promise<string> => work.then(() => 'done', codeOf);

export async function createLineOffice(): Promise<LineOffice> {
  const office = await createTestOffice(20);
  const admin = office.as(await office.actor('admin'));
  const offices = [office.services, await office.open()];
  const house = office.as(await office.actor());
  const people = await Promise.all(Array.from({ length: 12 }, () => office.actor()));
  const as = (person: number, of = 0) => office.as(people[person]!, offices[of]!);
  return {
    office,
    admin,
    house,
    people,
    offices,
    as,
    async sellOut(sections) {
      const show = await createTestShow(admin, sections);
      const { showId } = show;
      const terms = (await admin.events.show({ showId })).sections.filter(({ kind }) => kind === 'standing');
      const places = terms.flatMap(({ sectionId, capacity }) => Array<string>(capacity).fill(sectionId));
      const claims = [
        ...show.seatIds.map((seatId) => ({ seatIds: [seatId] })),
        ...places.map((sectionId) => ({ sections: [{ sectionId, quantity: 1 }] })),
      ];
      const sold = await Promise.all(
        claims.map((claim) => house.bookings.book({ showId, ...claim, idempotencyKey: newKey() })),
      );
      return { ...show, cancel: (place) => house.bookings.cancel({ bookingId: sold[place]!.id }) };
    },
    join: (person, { showId }, quantity = 1, of = 0) =>
      as(person, of).waitlist.join({ showId, quantity, idempotencyKey: newKey() }),
    statusOf: async (person, entryId) => (await as(person).waitlist.get({ entryId })).status,
    violations: ({ showId }) => listViolations(office.db, { showId, shard: shardOf(showId) }),
    runOut: (bookingId) =>
      sql`UPDATE bookings SET expires_at = clock_timestamp() - interval '1 second' WHERE id = ${bookingId}`.execute(
        office.db,
      ),
    [Symbol.asyncDispose]: () => office[Symbol.asyncDispose](),
  };
}
