import type { SeatStates } from '@evently/sdk';
import type { Floor } from './floor.ts';
import { percentilesOf } from './percentiles.ts';
import type { Picture } from './picture.ts';
import { countErrors } from './tally.ts';

/** The latency on show is that of the latest calls, so that it follows what happens. */
const LATEST_CALLS = 1000;

/** What there is to see of a rush just now. @param states null as long as nobody could look */
export function pictureOf(floor: Floor, states: SeatStates | null, url: string, seconds: number): Picture {
  const { show, layout, tally } = floor;
  let index = 0;
  const rows = layout.sections
    .flatMap((section) => section.rows)
    .map(({ row, seats }) => {
      const marks = states?.states.slice(index, index + seats.length) ?? 'a'.repeat(seats.length);
      index += seats.length;
      return { row, marks };
    });
  return {
    name: show.name,
    url,
    buyers: { ...tally.buyers },
    elapsedMs: Math.min(performance.now() - floor.beganAt, seconds * 1000),
    lastsMs: seconds * 1000,
    isOver: floor.over.aborted,
    rows,
    standing: standingOf(floor, states),
    capacity: show.capacity,
    bookingsSold: tally.sales.length,
    ticketsSold: tally.ticketsSold,
    soldPerSecond: [...tally.soldPerSecond],
    refusals: [...tally.refusals],
    errors: countErrors(tally),
    latency: percentilesOf(tally.buying.slice(-LATEST_CALLS)),
  };
}

function standingOf({ show, tally }: Floor, states: SeatStates | null): Picture['standing'] {
  const { standingId, standingCapacity: capacity } = show;
  if (standingId === null) return null;
  const tickets = tally.sales.flatMap((sale) => sale.tickets);
  // A sale may be known before the map that shows it, hence the bounds.
  const available = states?.sections.find((section) => section.sectionId === standingId)?.available ?? capacity;
  const sold = Math.min(tickets.filter((ticket) => ticket.sectionId === standingId).length, capacity);
  return { capacity, sold, held: Math.max(0, capacity - available - sold) };
}
