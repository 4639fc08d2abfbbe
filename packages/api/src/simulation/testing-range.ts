import { expect } from 'vitest';
import { playMany } from './play-many.ts';
import { describeFailure } from './shrink.ts';

/** How many histories `pnpm test` plays in all; HISTORIES says otherwise. */
export const HISTORIES = Number(process.env.HISTORIES ?? 10_000);

/** Test files run side by side: each plays every other history. */
const FILES = 2;

/** Enough for everything to have happened that can. */
const ENOUGH = 4000;

/** All that bookings and those who wait may go through, and all that a box office may answer. */
const KINDS = [
  ...['held', 'offered', 'booked', 'paying', 'payment_failed', 'confirmed', 'claimed_again', 'refunded', 'extended'],
  ...[
    'released',
    'expired',
    'cancelled',
    'joined',
    'passed',
    'saving',
    'saved_in_vain',
    'converted',
    'declined',
    'lapsed',
  ],
  ...['left', 'closed', 'seat_taken', 'sold_out', 'hold_expired', 'invalid_state', 'not_on_sale', 'not_found'],
  ...['limit_exceeded', 'idempotency_mismatch', 'payment_declined', 'capacity_below_sold', 'invalid_input'],
  'already_waiting',
];

/** Plays the histories of one test file. Whatever goes wrong is the message of the failure, with the seed. */
export async function expectAllRight(first: number): Promise<void> {
  const histories = Math.ceil(HISTORIES / FILES);
  const { failure, played, seen } = await playMany({ from: first, step: FILES, histories });
  if (failure) expect.fail(describeFailure(failure));
  expect(played).toBe(histories);
  if (histories >= ENOUGH) expect([...seen]).toEqual(expect.arrayContaining(KINDS));
}
