/** Venues and events as tests want them: what a test does not name does not matter to it. */
import { type Caller, standing } from '../testing.ts';

type VenueInput = Parameters<Caller['admin']['venues']['create']>[0];
type EventInput = Parameters<Caller['admin']['events']['create']>[0];
type ShowInput = Parameters<Caller['admin']['shows']['create']>[0];

const DAY_MS = 86_400_000;
const TODAY = Date.now();

/** An instant so many days from when the tests began. */
export const inDays = (days: number): Date => new Date(TODAY + days * DAY_MS);

export interface TestVenue {
  venueId: string;
  sectionIds: string[];
}

/** A floor for ten, in Vienna, unless said otherwise. */
export async function createVenue(admin: Caller, venue: Partial<VenueInput> = {}): Promise<TestVenue> {
  const { id, sections } = await admin.admin.venues.create({
    name: 'Hall',
    city: 'Vienna',
    country: 'AT',
    timeZone: 'Europe/Vienna',
    sections: [standing(10)],
    ...venue,
  });
  return { venueId: id, sectionIds: sections.map((section) => section.id) };
}

export const createDraft = async (admin: Caller, event: Partial<EventInput> = {}): Promise<string> =>
  (await admin.admin.events.create({ name: 'Evening', description: 'An evening.', category: 'concert', ...event })).id;

/** A show of two hours, all sections at one price (0 unless said otherwise). */
export async function createShow(
  admin: Caller,
  eventId: string,
  venue: TestVenue,
  { startsAt, amount = 0, ...show }: { startsAt: Date; amount?: number } & Partial<Omit<ShowInput, 'startsAt'>>,
): Promise<string> {
  const { id } = await admin.admin.shows.create({
    eventId,
    venueId: venue.venueId,
    startsAt: startsAt.toISOString(),
    endsAt: new Date(startsAt.getTime() + 7_200_000).toISOString(),
    currency: 'EUR',
    prices: venue.sectionIds.map((sectionId) => ({ sectionId, amount })),
    ...show,
  });
  return id;
}
