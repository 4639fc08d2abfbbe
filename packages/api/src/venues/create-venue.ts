import type { Trx } from '@evently/db/client';
import { newId } from '@evently/db/ids';
import type { NewVenueSeat } from '@evently/db/schema';
import { inTransaction } from '@evently/db/transaction';
import { sql } from 'kysely';
import type { UserContext } from '../context.ts';
import { createOnce } from '../idempotency.ts';
import { planRows, type SectionPlan } from './plan.ts';
import { findVenue, type Venue } from './venues.ts';

export interface NewVenue {
  name: string;
  address?: string | undefined;
  city: string;
  country: string;
  timeZone: string;
  sections: SectionPlan[];
  idempotencyKey?: string | undefined;
}

/** @throws `idempotency_mismatch` */
export async function createVenue(ctx: UserContext, input: NewVenue): Promise<Venue> {
  const { idempotencyKey: key, ...request } = input;
  const now = ctx.now();
  const id = await inTransaction(ctx.db, (trx) =>
    createOnce(trx, { userId: ctx.actor.userId, procedure: 'admin.venues.create', key, request, now }, async () => {
      const venueId = newId();
      await trx
        .insertInto('venues')
        .values({
          id: venueId,
          name: input.name,
          address: input.address ?? null,
          city: input.city,
          country: input.country,
          time_zone: input.timeZone,
          layout_version: 1,
          version: 1,
          created_at: now,
        })
        .execute();
      await insertLayout(trx, venueId, 1, input.sections);
      return venueId;
    }),
  );
  return await findVenue(ctx.db, id);
}

/** Seats per statement: a stadium in one statement would take longer than a statement may. */
const SEATS_AT_ONCE = 10_000;

/** Writes the sections and seats of one layout version. */
export async function insertLayout(
  trx: Trx,
  venueId: string,
  layoutVersion: number,
  plan: readonly SectionPlan[],
): Promise<void> {
  const { sections, seats } = planRows(venueId, layoutVersion, plan);
  await trx.insertInto('venue_sections').values(sections).execute();
  for (let from = 0; from < seats.length; from += SEATS_AT_ONCE) {
    await insertSeats(trx, seats.slice(from, from + SEATS_AT_ONCE));
  }
}

async function insertSeats(trx: Trx, seats: readonly NewVenueSeat[]): Promise<void> {
  await sql`
    INSERT INTO venue_seats (id, section_id, position, row_label, number, x, y)
    SELECT * FROM unnest(
      ${seats.map((seat) => seat.id)}::uuid[], ${seats.map((seat) => seat.section_id)}::uuid[],
      ${seats.map((seat) => seat.position)}::int[], ${seats.map((seat) => seat.row_label)}::text[],
      ${seats.map((seat) => seat.number)}::text[], ${seats.map((seat) => seat.x)}::float8[],
      ${seats.map((seat) => seat.y)}::float8[])`.execute(trx);
}
