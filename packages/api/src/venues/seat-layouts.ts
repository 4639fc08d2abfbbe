import type { Db } from '@evently/db/client';
import type { SectionKind } from '@evently/db/schema';
import { LRUCache } from 'lru-cache';

export interface Seat {
  seatId: string;
  sectionId: string;
  row: string;
  number: string;
  x: number;
  y: number;
  /** Whether one can slide over from the seat before it in the row: no aisle lies between. */
  besidePrevious: boolean;
}

export interface LayoutSection {
  sectionId: string;
  name: string;
  kind: SectionKind;
  /** In layout order; none in a standing section. */
  rows: { row: string; seats: Seat[] }[];
}

/** How a venue is laid out, in one version. It never changes, so it may be kept and shared. */
export interface SeatLayout {
  layoutVersion: number;
  sections: LayoutSection[];
  seats: ReadonlyMap<string, Seat>;
}

export interface SeatLayouts {
  find: (venueId: string, layoutVersion: number) => Promise<SeatLayout>;
}

/** Enough for the largest stadiums, at about 250 bytes a seat: 100 MiB. */
const MAX_SEATS_KEPT = 400_000;

/** Layouts by venue and version; the least recently used are dropped first. */
export function createSeatLayouts(db: Db): SeatLayouts {
  const kept = new LRUCache<string, SeatLayout, { venueId: string; layoutVersion: number }>({
    maxSize: MAX_SEATS_KEPT,
    sizeCalculation: (layout) => layout.seats.size + layout.sections.length + 1,
    fetchMethod: (_key, _stale, { context }) => loadLayout(db, context.venueId, context.layoutVersion),
  });
  return {
    find: (venueId, layoutVersion) =>
      kept.forceFetch(`${venueId} ${layoutVersion}`, { context: { venueId, layoutVersion } }),
  };
}

async function loadLayout(db: Db, venueId: string, layoutVersion: number): Promise<SeatLayout> {
  const sections = await db
    .selectFrom('venue_sections')
    .select(['id', 'name', 'kind'])
    .where('venue_id', '=', venueId)
    .where('layout_version', '=', layoutVersion)
    .orderBy('position')
    .execute();
  const seats = await db
    .selectFrom('venue_seats')
    .innerJoin('venue_sections', 'venue_sections.id', 'venue_seats.section_id')
    .select(['venue_seats.id as seatId', 'section_id as sectionId', 'row_label as row', 'number', 'x', 'y'])
    .where('venue_id', '=', venueId)
    .where('layout_version', '=', layoutVersion)
    .orderBy('venue_sections.position')
    .orderBy('venue_seats.position')
    .execute();
  return arrange(layoutVersion, sections, seats);
}

function arrange(
  layoutVersion: number,
  sections: readonly { id: string; name: string; kind: SectionKind }[],
  places: readonly Omit<Seat, 'besidePrevious'>[],
): SeatLayout {
  const bySection = new Map(
    sections.map(({ id, name, kind }): [string, LayoutSection] => [id, { sectionId: id, name, kind, rows: [] }]),
  );
  const seats = places.map((place): Seat => ({ ...place, besidePrevious: false }));
  for (const seat of seats) {
    const rows = bySection.get(seat.sectionId)?.rows;
    const last = rows?.at(-1);
    if (last?.row === seat.row) last.seats.push(seat);
    else rows?.push({ row: seat.row, seats: [seat] });
  }
  for (const { rows } of bySection.values()) for (const { seats: row } of rows) markAisles(row);
  return { layoutVersion, sections: [...bySection.values()], seats: new Map(seats.map((seat) => [seat.seatId, seat])) };
}

/** A gap this much wider than the row's usual one is an aisle. */
const AISLE_FACTOR = 1.6;

function markAisles(row: Seat[]): void {
  const gaps = row.slice(1).map((seat, index) => Math.hypot(seat.x - row[index]!.x, seat.y - row[index]!.y));
  const usual = gaps.toSorted((a, b) => a - b)[Math.floor((gaps.length - 1) / 2)] ?? 0;
  gaps.forEach((gap, index) => {
    row[index + 1]!.besidePrevious = gap <= usual * AISLE_FACTOR;
  });
}
