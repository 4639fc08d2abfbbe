import type { Stage } from './stage.ts';

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Lines for people: with names in place of ids. */
export function nameThings({ ledger, users }: Stage, lines: readonly string[]): string[] {
  const names = new Map<string, string>();
  const name = (what: string, ids: Iterable<string>) => {
    for (const [index, id] of [...ids].entries()) names.set(id, `${what}${index + 1}`);
  };
  const bookings = [...ledger.bookings.values()];
  name('show', [ledger.show.id]);
  name('user', users);
  name('section', ledger.sections.keys());
  name('seat', ledger.seats.keys());
  name('booking', ledger.bookings.keys());
  name('entry', ledger.entries.keys());
  name(
    'ticket',
    bookings.flatMap(({ tickets }) => tickets.map(({ id }) => id)),
  );
  name(
    'payment',
    bookings.flatMap(({ payments }) => payments.map(({ id }) => id)),
  );
  // What was made in advance and never needed.
  const others = (id: string) => {
    const known = names.get(id) ?? `unused${names.size}`;
    names.set(id, known);
    return known;
  };
  return lines.map((line) => line.replace(ID, others));
}
