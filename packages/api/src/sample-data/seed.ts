import type { createCaller } from '../router.ts';
import { type SampleEvent, type SampleShow, sampleEvents } from './events.ts';
import { instantOfAppointment } from './local-time.ts';
import { type SampleVenueKey, sampleVenues } from './venues.ts';

type Caller = ReturnType<typeof createCaller>;
type CreatedVenue = Awaited<ReturnType<Caller['admin']['venues']['create']>>;

export interface SeedOptions {
  /** Shows are dated from here on, over three months. */
  now: Date;
  /** Told of every step that is done, of how many there are. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** How much sample data there is, whether this run made it or an earlier one. */
export interface SeedResult {
  venues: number;
  events: number;
  shows: number;
}

/**
 * Fills a new database with something worth looking at, through the procedures that everybody uses. A second run by the
 * same admin adds what an interrupted one did not come to, and touches nothing that is there.
 *
 * @param caller acts as an admin
 * @throws `idempotency_mismatch` when what is there was made by a version of Evently with other sample venues
 */
export async function seedSampleData(caller: Caller, { now, onProgress }: SeedOptions): Promise<SeedResult> {
  const keys = Object.keys(sampleVenues) as SampleVenueKey[];
  const total = keys.length + sampleEvents.length;
  let done = 0;
  const step = () => {
    done += 1;
    onProgress?.(done, total);
  };

  const venues = new Map<SampleVenueKey, CreatedVenue>();
  for (const key of keys) {
    venues.set(key, await createVenue(caller, key));
    step();
  }
  let shows = 0;
  for (const event of sampleEvents) {
    shows += await createEvent(caller, event, (show) => planShow(show, venues.get(show.venue), now));
    step();
  }
  return { venues: venues.size, events: sampleEvents.length, shows };
}

async function createVenue(caller: Caller, key: SampleVenueKey): Promise<CreatedVenue> {
  const { currency: _, sections, ...venue } = sampleVenues[key];
  return await caller.admin.venues.create({ ...venue, sections: sections(), idempotencyKey: `sample-venue-${key}` });
}

type PlannedShow = Omit<Parameters<Caller['admin']['shows']['create']>[0], 'eventId' | 'idempotencyKey'>;

/** Creates an event, its shows in their order, and publishes it last. Answers how many shows it has. */
async function createEvent(
  caller: Caller,
  { key, shows, ...described }: SampleEvent,
  plan: (show: SampleShow) => PlannedShow,
): Promise<number> {
  const event = await caller.admin.events.create({ ...described, idempotencyKey: `sample-event-${key}` });
  // Publishing comes last: what was published is complete, and from then on it is the organiser's.
  if (event.status !== 'draft') return event.shows.length;
  // An interrupted run may have been on another day, when the same show had other dates; those that it made are passed over.
  for (const [index, show] of shows.entries()) {
    if (index < event.shows.length) continue;
    await caller.admin.shows.create({
      eventId: event.id,
      ...plan(show),
      idempotencyKey: `sample-show-${key}-${index + 1}`,
    });
  }
  return (await caller.admin.events.publish({ eventId: event.id })).shows.length;
}

function planShow(show: SampleShow, venue: CreatedVenue | undefined, now: Date): PlannedShow {
  if (!venue) throw new Error(`The sample venue ${show.venue} was not created.`);
  const { salesOpen, collectAtDoor, maxPerBooking } = show;
  const { timeZone, currency } = sampleVenues[show.venue];
  const startsAt = instantOfAppointment(show.start, now, timeZone);
  return {
    venueId: venue.id,
    startsAt: startsAt.toISOString(),
    endsAt: new Date(startsAt.getTime() + show.minutes * 60_000).toISOString(),
    currency,
    prices: Object.entries(show.prices).map(([name, amount]) => {
      const section = venue.sections.find((candidate) => candidate.name === name);
      if (!section) throw new Error(`${venue.name} has no section ${name}.`);
      return { sectionId: section.id, amount };
    }),
    ...(salesOpen && { salesOpenAt: instantOfAppointment(salesOpen, now, timeZone).toISOString() }),
    ...(collectAtDoor !== undefined && { collectAtDoor }),
    ...(maxPerBooking !== undefined && { maxPerBooking }),
  };
}
