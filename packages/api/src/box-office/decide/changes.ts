import type {
  BookingState,
  Changes,
  PaymentChange,
  PaymentState,
  SectionChange,
  SectionState,
  TicketChange,
} from '../inventory.ts';
import { type Draft, openIn } from './draft.ts';

/** What a draft differs in from what was loaded. */
export function changesOf(draft: Draft): Changes {
  const { loaded } = draft;
  const changes: Changes = {
    newBookings: [],
    changedBookings: [],
    newTickets: [],
    changedTickets: [],
    newPayments: [],
    changedPayments: [],
    sections: sectionChanges(draft),
    blockedSeats: [],
    unblockedSeats: [...loaded.blocked].filter((seatId) => !draft.blocked.has(seatId)),
    newEntries: [],
    changedEntries: [],
    entryEvents: draft.entryEvents,
    history: draft.history,
    cancelsShow: draft.cancelsShow,
    soldOutChanged: isSoldOut(loaded.sections) !== isSoldOut(draft.sections),
  };
  for (const [id, booking] of draft.bookings) {
    const before = loaded.bookings.get(id);
    if (before === booking) continue;
    if (!before) changes.newBookings.push(booking);
    else changes.changedBookings.push({ booking, from: before.status });
    addTickets(changes, before, booking);
    addPayments(changes, before?.payments ?? [], booking);
  }
  for (const [id, entry] of draft.entries) {
    const before = loaded.entries.get(id);
    if (!before) changes.newEntries.push(entry);
    else if (before !== entry) changes.changedEntries.push({ entry, from: before.status });
  }
  for (const seatId of draft.blocked) {
    const seat = loaded.findSeat(seatId);
    if (seat && !loaded.blocked.has(seatId)) changes.blockedSeats.push({ seatId, sectionId: seat.sectionId });
  }
  return changes;
}

function addTickets(changes: Changes, before: BookingState | undefined, after: BookingState): void {
  const known = new Map(before?.tickets.map((ticket) => [ticket.id, ticket.status]));
  for (const ticket of after.tickets) {
    const from = known.get(ticket.id);
    if (from === undefined) changes.newTickets.push({ bookingId: after.id, ticket });
    else if (from !== ticket.status) {
      changes.changedTickets.push({ ticketId: ticket.id, from, to: ticket.status } satisfies TicketChange);
    }
  }
}

function addPayments(changes: Changes, before: readonly PaymentState[], after: BookingState): void {
  const known = new Map(before.map((payment) => [payment.id, payment.status]));
  for (const payment of after.payments) {
    const from = known.get(payment.id);
    if (from === undefined) changes.newPayments.push({ bookingId: after.id, payment });
    else if (from !== payment.status) {
      changes.changedPayments.push({ paymentId: payment.id, from, to: payment.status } satisfies PaymentChange);
    }
  }
}

function sectionChanges(draft: Draft): SectionChange[] {
  return [...draft.sections.values()].flatMap((section) => {
    const before = draft.loaded.sections.get(section.sectionId);
    if (!before) throw new Error(`section ${section.sectionId} was not loaded`);
    if (before === section) return [];
    const by = (counter: 'held' | 'sold' | 'blocked' | 'capacity') => section[counter] - before[counter];
    const change = { held: by('held'), sold: by('sold'), blocked: by('blocked'), capacity: by('capacity') };
    const saving = section.isSaved === before.isSaved ? {} : { isSaved: section.isSaved };
    const isSame = Object.values(change).every((n) => n === 0) && section.isSaved === before.isSaved;
    return isSame ? [] : [{ sectionId: section.sectionId, ...change, ...saving }];
  });
}

function isSoldOut(sections: ReadonlyMap<string, SectionState>): boolean {
  return [...sections.values()].every((section) => openIn(section) === 0);
}
