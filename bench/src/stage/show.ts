import { shardOf } from '@evently/db/ids';
import type { Evently } from '@evently/sdk';

export interface OpenShow {
  eventId: string;
  showId: string;
  shard: number;
  /** The first section. */
  sectionId: string;
}

export interface Hall {
  venueId: string;
  sectionIds: string[];
}

type Sections = Parameters<Evently['admin']['venues']['create']>[0]['sections'];

const DAY_MS = 86_400_000;
const DAYS_AHEAD = 30;

export async function buildHall(admin: Evently, name: string, sections: Sections): Promise<Hall> {
  const venue = await admin.admin.venues.create({
    ...{ name: `Hall of ${name}`, city: 'Vienna', country: 'AT', timeZone: 'Europe/Vienna' },
    sections,
  });
  return { venueId: venue.id, sectionIds: venue.sections.map(({ id }) => id) };
}

/** Of so many seats, in sections of forty rows at most. @param perRow how many seats a row has */
export function seatedSections(seats: number, perRow: number): Sections {
  const rows = Math.ceil(seats / perRow);
  const inAll = Math.ceil(rows / ROWS_PER_SECTION);
  return Array.from({ length: inAll }, (_, section) => ({
    name: `Block ${section + 1}`,
    kind: 'seated' as const,
    rows: Array.from({ length: Math.min(ROWS_PER_SECTION, rows - section * ROWS_PER_SECTION) }, (__, row) => ({
      row: String(row + 1),
      seats: perRow,
    })),
  }));
}

const ROWS_PER_SECTION = 40;

/** A published show, every section at one price. @param price per place, in cents */
export async function openShow(
  admin: Evently,
  hall: Hall,
  name: string,
  price: number,
  { category = 'concert', description = 'Everybody comes.' } = {},
): Promise<OpenShow> {
  const { id: eventId } = await admin.admin.events.create({ name, description, category });
  const startsAt = new Date(Date.now() + DAYS_AHEAD * DAY_MS);
  const { id: showId } = await admin.admin.shows.create({
    eventId,
    venueId: hall.venueId,
    startsAt: startsAt.toISOString(),
    endsAt: new Date(startsAt.getTime() + DAY_MS / 8).toISOString(),
    currency: 'EUR',
    prices: hall.sectionIds.map((sectionId) => ({ sectionId, amount: price })),
  });
  await admin.admin.events.publish({ eventId });
  const [sectionId] = hall.sectionIds;
  if (sectionId === undefined) throw new Error('a venue came without its section');
  return { eventId, showId, shard: shardOf(showId), sectionId };
}

/** More than any run sells. */
const ENDLESS = 1_000_000;

/** A published show of one standing section that never sells out, unless told otherwise. @param price per place, in cents */
export async function openStandingShow(
  admin: Evently,
  name: string,
  price: number,
  capacity = ENDLESS,
): Promise<OpenShow> {
  const hall = await buildHall(admin, name, [{ name: 'Field', kind: 'standing', capacity }]);
  return await openShow(admin, hall, name, price);
}
