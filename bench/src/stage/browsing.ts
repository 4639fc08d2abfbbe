import { randomUUID } from 'node:crypto';
import { listViolations } from '@evently/api/integrity/invariants';
import { at } from '../load/answer.ts';
import { createClient } from '../load/client.ts';
import type { Side } from '../load/compare.ts';
import { runEachOnce } from '../load/each-once.ts';
import { createReader, pathOf, type Wanted } from '../load/reader.ts';
import type { Stage } from '../scenario.ts';
import { makeBuyers } from './buyers.ts';
import type { Server } from './server.ts';
import { buildHall, type OpenShow, openShow, seatedSections } from './show.ts';

/** People who look around, each side at one kind of page, without an account. */
export interface Browsing {
  sides: Record<'list' | 'event' | 'show' | 'states', Side>;
  /** Reads other things, in turn, as a side like those. */
  read: (name: string, wanted: readonly Wanted[]) => Side;
  /** How many bytes the seat states of one show take on the wire, without the head of the answer. */
  statesBytes: number;
  /** What the database has to say about the shows. */
  audit: () => Promise<string[]>;
}

const EVENTS = 50;
export const SEATS = 2000;
const SEATS_PER_ROW = 50;
const CATEGORIES = ['concert', 'theatre', 'dance', 'talk', 'comedy'];
const PRICE_CENTS = 2500;
const STORY = 'One night only. Doors open an hour before; there is a bar, and there are no bad seats. '.repeat(4);
const PAGE = 20;
const TAKEN_BOOKINGS = 4;
const SEATS_PER_BOOKING = 5;
/** As many requests as make the events quickly without crowding the server. */
const AT_ONCE = 8;

/** Fifty events in a hall of 2,000 seats, a few of which are taken in each. @param suffix tells the sides of two servers apart */
export async function openBrowsing(stage: Stage, server: Server, suffix = ''): Promise<Browsing> {
  stage.progress.show(`Put ${EVENTS} events on sale`);
  const client = createClient(server.url, stage.plan.connections);
  stage.opened.defer(() => client.close());
  const shows = await openEvents(stage, server);
  await takeSeats(stage, server, shows);

  function read(name: string, wanted: readonly Wanted[]): Side {
    const readers = wanted.map((each) => createReader(client, each));
    let turn = 0;
    const step = async () => {
      turn = (turn + 1) % readers.length;
      await readers[turn]!();
      return 'done' as const;
    };
    return { name: name + suffix, unit: 'requests', step, cpuMs: server.cpuMs };
  }

  const states = shows.map(({ showId }) => ({
    procedure: 'events.seatStates',
    input: { showId },
    fits: (output: unknown) => String(at(output, 'states')).length === SEATS && at(output, 'showId') === showId,
  }));
  const { body } = await client.read(pathOf(states[0]!));
  return {
    sides: {
      list: read('events.list', listPages()),
      event: read(
        'events.get',
        shows.map(({ eventId }) => ({
          procedure: 'events.get',
          input: { eventId },
          fits: (output) => at(output, 'id') === eventId && at(output, 'shows', '0', 'id') !== undefined,
        })),
      ),
      show: read(
        'events.show',
        shows.map(({ showId }) => ({
          procedure: 'events.show',
          input: { showId },
          fits: (output) => at(output, 'id') === showId && at(output, 'sections', '0', 'available') !== undefined,
        })),
      ),
      states: read('events.seatStates', states),
    },
    read,
    statesBytes: body.length,
    audit: async () => (await Promise.all(shows.map((show) => listViolations(server.db, show)))).flat(),
  };
}

/** The front page, more often than not; else one category of it, or the whole city's. */
function listPages(): Wanted[] {
  const page = (input: object, atLeast: number): Wanted => ({
    procedure: 'events.list',
    input,
    fits: (output) => {
      const items = at(output, 'items');
      return Array.isArray(items) && items.length >= atLeast && items.length <= PAGE;
    },
  });
  return CATEGORIES.flatMap((category) => [
    page({}, PAGE),
    page({ category }, EVENTS / CATEGORIES.length),
    page({}, PAGE),
    page({ city: 'Vienna' }, PAGE),
  ]);
}

async function openEvents(stage: Stage, { admin }: Server): Promise<OpenShow[]> {
  const hall = await buildHall(admin, 'the town', seatedSections(SEATS, SEATS_PER_ROW));
  const shows: OpenShow[] = [];
  await atOnce(stage, EVENTS, async (i) => {
    const category = CATEGORIES[i % CATEGORIES.length]!;
    shows[i] = await openShow(admin, hall, `An evening with artist ${i}`, PRICE_CENTS, {
      category,
      description: STORY,
    });
  });
  return shows;
}

async function takeSeats(stage: Stage, { url, db }: Server, shows: readonly OpenShow[]): Promise<void> {
  const wishes = shows.flatMap((show) => Array.from({ length: TAKEN_BOOKINGS }, () => show));
  const tokens = await makeBuyers(db, wishes.length);
  const client = createClient(url, AT_ONCE);
  try {
    await atOnce(stage, wishes.length, async (i) => {
      const { showId, sectionId } = wishes[i]!;
      const sections = [{ sectionId, quantity: SEATS_PER_BOOKING }];
      const wish = { showId, sections, idempotencyKey: randomUUID(), payment: { provider: 'sandbox', token: 'pm_ok' } };
      const answer = await client.call('bookings.book', wish, tokens[i]!);
      if ('refused' in answer) throw new Error(`seats could not be taken: ${answer.refused}`);
    });
  } finally {
    await client.close();
  }
}

/** Does something so many times, a few at once. @throws Error for the first that failed */
async function atOnce({ signal }: Stage, times: number, act: (i: number) => Promise<void>): Promise<void> {
  const step = async (i: number) => {
    await act(i);
    return 'done' as const;
  };
  const { failures } = await runEachOnce(step, { attempts: times, connections: AT_ONCE, signal });
  if (failures.length > 0) throw new Error(failures[0]);
}
