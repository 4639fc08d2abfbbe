import { expect, test } from 'vitest';
import { visitsOf } from './visits-of.ts';

const expiresAt = new Date(1_790_000_000_000);
const booking = (
  status: Parameters<typeof visitsOf>[0]['newBookings'][number]['status'],
  entryId: string | null = null,
) => ({
  userId: 'ada',
  status,
  expiresAt: status === 'held' || status === 'paying' ? expiresAt : null,
  entryId,
});
const ada = (kind: string, value = 0) => ({ kind, userId: 'ada', value });

test('a batch tells the waiting room who holds, who has bought and who gave back; offers from the waitlist do not fill it', () => {
  const newBookings = [booking('held'), booking('confirmed'), booking('held', 'entry')];
  expect(visitsOf({ newBookings, changedBookings: [] })).toEqual([ada('held', expiresAt.getTime()), ada('bought')]);
  const changes = [
    ['held', 'paying', 'held'],
    ['paying', 'confirmed', 'bought'],
    ['held', 'confirmed', 'bought'],
    ['expired', 'confirmed', 'bought'],
    ['confirmed', 'confirmed', null],
    ['held', 'released', 'released'],
    ['held', 'expired', 'released'],
    ['confirmed', 'cancelled', null],
  ] as const;
  for (const [from, to, kind] of changes) {
    const told = visitsOf({ newBookings: [], changedBookings: [{ booking: booking(to), from }] });
    expect(told.map((operation) => operation.kind)).toEqual(kind === null ? [] : [kind]);
  }
});
