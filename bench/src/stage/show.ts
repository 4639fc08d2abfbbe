import { shardOf } from '@evently/db/ids';
import type { Evently } from '@evently/sdk';

export interface StandingShow {
  showId: string;
  shard: number;
  sectionId: string;
}

/** More than any run sells. */
const CAPACITY = 1_000_000;
const DAY_MS = 86_400_000;

/** A published show of one standing section that never sells out. @param price per place, in cents */
export async function openStandingShow(admin: Evently, name: string, price: number): Promise<StandingShow> {
  const venue = await admin.admin.venues.create({
    name: `Field of ${name}`,
    city: 'Vienna',
    country: 'AT',
    timeZone: 'Europe/Vienna',
    sections: [{ name: 'Field', kind: 'standing', capacity: CAPACITY }],
  });
  const sectionId = venue.sections[0]?.id;
  if (sectionId === undefined) throw new Error('a venue came without its section');
  const event = await admin.admin.events.create({ name, description: 'Everybody comes.', category: 'concert' });
  const startsAt = new Date(Date.now() + 30 * DAY_MS);
  const { id: showId } = await admin.admin.shows.create({
    eventId: event.id,
    venueId: venue.id,
    startsAt: startsAt.toISOString(),
    endsAt: new Date(startsAt.getTime() + DAY_MS / 8).toISOString(),
    currency: 'EUR',
    prices: [{ sectionId, amount: price }],
  });
  await admin.admin.events.publish({ eventId: event.id });
  return { showId, shard: shardOf(showId), sectionId };
}
