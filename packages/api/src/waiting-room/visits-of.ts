import type { BookingState } from '../box-office/inventory.ts';
import type { Operation } from './room-rules.ts';

type Facts = Pick<BookingState, 'userId' | 'status' | 'expiresAt' | 'entryId'>;

/** The bookings of a batch, as far as the waiting room cares. */
export interface CommittedBookings {
  newBookings: readonly Facts[];
  changedBookings: readonly { booking: Facts; from: BookingState['status'] }[];
}

/** What a batch means to the waiting room: who holds places now, holds them no longer, or has bought. Pure. */
export function visitsOf({ newBookings, changedBookings }: CommittedBookings): Operation[] {
  return [...newBookings.map((booking) => ({ booking, from: null })), ...changedBookings].flatMap(
    ({ booking, from }) => visitOf(booking, from) ?? [],
  );
}

function visitOf({ userId, status, expiresAt, entryId }: Facts, from: Facts['status'] | null): Operation | null {
  switch (status) {
    case 'held':
    case 'paying':
      // Whoever is offered places from the waitlist has not come by the waiting room, and shall not fill it.
      return entryId ? null : { kind: 'held', userId, value: expiresAt?.getTime() ?? 0 };
    case 'confirmed':
      // Money that came late makes a booking of what was given back.
      return from === 'confirmed' ? null : { kind: 'bought', userId, value: 0 };
    case 'released':
    case 'expired':
    case 'cancelled':
      return from === 'held' || from === 'paying' ? { kind: 'released', userId, value: 0 } : null;
  }
}
