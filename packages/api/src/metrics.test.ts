import type { TicketStatus } from '@evently/db/schema';
import { expect, test } from 'vitest';
import type { HistoryType } from './box-office/inventory.ts';
import { type CountedChanges, countChanges } from './metrics.ts';

const ticketsOf = (...statuses: TicketStatus[]) => statuses.map((status) => ({ ticket: { status } }));
const entriesOf = (...types: HistoryType[]) => types.map((type) => ({ type }));

function count(changes: Partial<CountedChanges>): string[] {
  const told: string[] = [];
  const nothing = { history: [], newTickets: [], changedTickets: [] };
  countChanges(
    {
      bookings: (outcome, category, n) => void told.push(`${n} ${category} ${outcome}`),
      ticketsSold: (category, n) => void told.push(`${n} ${category} tickets`),
    },
    'jazz',
    { ...nothing, ...changes },
  );
  return told;
}

test('each outcome of a batch is counted once per booking, and the steps on the way are not', () => {
  const history = entriesOf('held', 'booked', 'held', 'paying', 'payment_failed', 'confirmed', 'claimed_again');
  expect(count({ history })).toEqual(['2 jazz held', '1 jazz booked', '2 jazz confirmed']);
  expect(count({ history: entriesOf('cancelled', 'extended', 'expired', 'released', 'refunded') })).toEqual(
    ['cancelled', 'expired', 'released', 'refunded'].map((outcome) => `1 jazz ${outcome}`),
  );
});

test('a ticket is sold when it becomes valid, whether it is new or was held before', () => {
  expect(
    count({
      newTickets: ticketsOf('valid', 'valid', 'held', 'valid'),
      changedTickets: [{ to: 'valid' }, { to: 'void' }, { to: 'used' }],
    }),
  ).toEqual(['4 jazz tickets']);
  expect(count({ changedTickets: [{ to: 'void' }] })).toEqual([]);
});
