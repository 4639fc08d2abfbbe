/** How the seats of a show change from one version of its inventory to a later one. Pure. */
import type { TicketStatus } from '@evently/db/schema';
import type { Changes, SectionState } from '../box-office/inventory.ts';

/** What is seen of a seat: `a`vailable, `h`eld, `b`ooked, `x` kept back by the organiser. */
export type SeatState = 'a' | 'h' | 'b' | 'x';

/**
 * What became of a show's seats between two versions. It says how things are at `to`, not by how much they changed, so it
 * leads there from every version that is not older than `from`.
 */
export interface SeatDelta {
  from: number;
  to: number;
  /** Every seat that was touched, by where it stands among the states, with its state. */
  seats: [index: number, state: SeatState][];
  /** Every section whose counters moved, with how many places are free. */
  sections: [sectionId: string, available: number][];
}

/**
 * What is seen of a seat, from what is known of it. Both ways to a seat map come by here, reading it and following its
 * changes, so whatever else shall decide on it belongs here.
 *
 * @param ticket the status of the live ticket that names the seat; null when none does
 */
export function seatState(ticket: TicketStatus | null, isBlocked: boolean): SeatState {
  if (ticket === 'held') return 'h';
  if (ticket === 'valid' || ticket === 'used') return 'b';
  return isBlocked ? 'x' : 'a';
}

type Counters = Pick<SectionState, 'capacity' | 'held' | 'sold' | 'blocked'>;

const availableIn = ({ capacity, held, sold, blocked }: Counters): number => capacity - held - sold - blocked;

/**
 * What a batch did to the seats.
 *
 * @param before the inventory that it was decided on
 * @param indexOf where a seat stands among the states
 * @returns null where more may be seen than was written: while somebody waits for a section, its free seats look held
 */
export function deltaOf(
  changes: Changes,
  before: { version: number; sections: ReadonlyMap<string, SectionState> },
  indexOf: (seatId: string) => number | undefined,
): SeatDelta | null {
  const isSaved = changes.sections.some((section) => section.isSaved !== undefined);
  if (isSaved || [...before.sections.values()].some((section) => section.isSaved)) return null;
  const seats = new Map<number, SeatState>();
  const put = (seatId: string | null, state: SeatState) => {
    const index = seatId === null ? undefined : indexOf(seatId);
    if (index !== undefined) seats.set(index, state);
  };
  for (const seatId of changes.unblockedSeats) put(seatId, seatState(null, false));
  // First what became free: the same batch may have given it to somebody else, or kept it back.
  for (const { seatId } of changedTickets(changes, (status) => status === 'void')) {
    put(seatId, seatState(null, false));
  }
  for (const { seatId } of changes.blockedSeats) put(seatId, seatState(null, true));
  for (const { seatId, status } of changedTickets(changes, (status) => status !== 'void')) {
    put(seatId, seatState(status, false));
  }
  for (const { ticket } of changes.newTickets) {
    // One that came and went within the batch left its seat as others leave it.
    if (ticket.status !== 'void') put(ticket.seatId, seatState(ticket.status, false));
  }
  const sections = changes.sections.flatMap(({ sectionId, ...by }): SeatDelta['sections'] => {
    const section = before.sections.get(sectionId);
    return section ? [[sectionId, availableIn(section) + availableIn(by)]] : [];
  });
  return { from: before.version, to: before.version + 1, seats: [...seats], sections };
}

/** The tickets that were there before the batch and passed into such a status. */
function changedTickets({ changedTickets, changedBookings }: Changes, isWanted: (status: TicketStatus) => boolean) {
  const wanted = new Set(changedTickets.filter(({ to }) => isWanted(to)).map(({ ticketId }) => ticketId));
  if (wanted.size === 0) return [];
  return changedBookings.flatMap(({ booking }) => booking.tickets.filter(({ id }) => wanted.has(id)));
}

/** The same with as few deltas as possible, oldest first: those that follow upon each other become one. */
export function joinDeltas(deltas: readonly SeatDelta[]): SeatDelta[] {
  const joined: SeatDelta[] = [];
  for (const delta of deltas.toSorted((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (!last || last.to < delta.from) joined.push(delta);
    else if (last.to < delta.to) joined[joined.length - 1] = followedBy(last, delta);
  }
  return joined;
}

function followedBy(first: SeatDelta, then: SeatDelta): SeatDelta {
  const seats = new Map([...first.seats, ...then.seats]);
  const sections = new Map([...first.sections, ...then.sections]);
  return { from: first.from, to: then.to, seats: [...seats], sections: [...sections] };
}
