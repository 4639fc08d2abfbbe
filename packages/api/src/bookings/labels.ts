import type { BookingState } from '../box-office/inventory.ts';
import type { ShowPlan } from '../box-office/plans.ts';
import { type Booking, labelOf, toBooking } from './booking.ts';

/** A booking as the box office answered it, its tickets labelled from the layout that is at hand. */
export function labelBooking(plan: ShowPlan, state: BookingState): Booking {
  const {
    idempotencyKey: _key,
    requestHash: _hash,
    historySeq: _seq,
    historyHash: _chain,
    entryId: _entry,
    ...own
  } = state;
  const { tickets, payments, ...facts } = own;
  const sections = new Map(plan.layout.sections.map((section) => [section.sectionId, section.name]));
  return toBooking(
    facts,
    tickets.map((ticket) => {
      const seat = ticket.seatId === null ? undefined : plan.layout.seats.get(ticket.seatId);
      const section = sections.get(ticket.sectionId) ?? '';
      return { ...ticket, label: labelOf({ section, row: seat?.row ?? null, number: seat?.number ?? null }) };
    }),
    payments.filter((payment) => payment.kind === 'refund'),
  );
}
