/** The plan of a venue as an organiser writes it, and what it becomes: pure. */
import { newId } from '@evently/db/ids';
import type { NewVenueSeat, NewVenueSection } from '@evently/db/schema';
import { z } from 'zod';
import { line } from '../fields.ts';

const MAX_SECTIONS = 200;
const MAX_ROWS = 500;
/** Of one section; the largest stadium has fewer in a single block. */
const MAX_SEATS = 100_000;
/** Of a whole plan. */
const MAX_SEATS_IN_ALL = 200_000;

const seatNumber = line(16);
/** Plan units; about half a metre each by custom. Stored as doubles, so bounded only against nonsense. */
const coordinate = z.number().min(-100_000).max(100_000);

const seatPlan = z.strictObject({ number: seatNumber, x: coordinate, y: coordinate });
const rowPlan = z.strictObject({
  row: line(16),
  /** How many, numbered from 1 and set side by side; or each seat with its number and its place on the plan. */
  seats: z.union([z.int().min(1).max(2000), z.array(seatPlan).min(1).max(2000)]),
});

export const sectionPlan = z.discriminatedUnion('kind', [
  z.strictObject({ name: line(100), kind: z.literal('standing'), capacity: z.int().min(1).max(1_000_000) }),
  z.strictObject({ name: line(100), kind: z.literal('seated'), rows: z.array(rowPlan).min(1).max(MAX_ROWS) }),
]);
export type SectionPlan = z.infer<typeof sectionPlan>;

export const sectionPlans = z
  .array(sectionPlan)
  .min(1)
  .max(MAX_SECTIONS)
  .superRefine((sections, check) => {
    const refuse = (path: (string | number)[], message: string) => check.addIssue({ code: 'custom', path, message });
    for (const index of repeated(sections.map((section) => section.name))) {
      refuse([index, 'name'], 'is the name of another section');
    }
    let seatsInAll = 0;
    sections.forEach((section, s) => {
      if (section.kind === 'standing') return;
      for (const index of repeated(section.rows.map((row) => row.row)))
        refuse([s, 'rows', index, 'row'], 'is another row');
      section.rows.forEach(({ seats }, r) => {
        if (typeof seats === 'number') return;
        for (const index of repeated(seats.map((seat) => seat.number))) {
          refuse([s, 'rows', r, 'seats', index, 'number'], 'is another seat of this row');
        }
      });
      const count = countSeats(section);
      seatsInAll += count;
      if (count > MAX_SEATS) refuse([s, 'rows'], `has more than ${MAX_SEATS} seats`);
    });
    if (seatsInAll > MAX_SEATS_IN_ALL) refuse([], `has more than ${MAX_SEATS_IN_ALL} seats`);
  });

/** The indexes at which a value stands that stood before. */
function repeated(values: readonly string[]): number[] {
  const seen = new Set<string>();
  return values.flatMap((value, index) => (seen.size === seen.add(value).size ? [index] : []));
}

function countSeats(section: Extract<SectionPlan, { kind: 'seated' }>): number {
  return section.rows.reduce((sum, { seats }) => sum + (typeof seats === 'number' ? seats : seats.length), 0);
}

/** The distance between rows of a section, and between sections, where the plan says nothing. */
const ROW_DISTANCE = 2;
const SECTION_DISTANCE = 4;

/**
 * The rows of a plan, with fresh ids, in layout order: sections as listed, rows as listed, seats as listed. Seats that are
 * only counted stand side by side, one unit apart, rows centred beneath each other, sections one behind the other.
 */
export function planRows(
  venueId: string,
  layoutVersion: number,
  sections: readonly SectionPlan[],
): { sections: NewVenueSection[]; seats: NewVenueSeat[] } {
  const seats: NewVenueSeat[] = [];
  let depth = 0;
  const rows = sections.map((section, position): NewVenueSection => {
    const id = newId();
    const base = {
      id,
      venue_id: venueId,
      layout_version: layoutVersion,
      position,
      name: section.name,
      kind: section.kind,
    };
    if (section.kind === 'standing') return { ...base, capacity: section.capacity };
    let place = 0;
    for (const row of section.rows) {
      for (const seat of placeRow(row, depth)) {
        const { number, x, y } = seat;
        seats.push({ id: newId(), section_id: id, position: place, row_label: row.row, number, x, y });
        place += 1;
      }
      depth += ROW_DISTANCE;
    }
    depth += SECTION_DISTANCE;
    return { ...base, capacity: place };
  });
  return { sections: rows, seats };
}

function placeRow(row: z.infer<typeof rowPlan>, y: number): z.infer<typeof seatPlan>[] {
  const { seats } = row;
  if (typeof seats !== 'number') return seats;
  return Array.from({ length: seats }, (_, index) => ({ number: String(index + 1), x: index - (seats - 1) / 2, y }));
}
