import { newId } from '@evently/db/ids';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BoxOfficeRequest } from '../requests.ts';
import { applyChanges, claimOf, createWorld, inventoryOf, NOW, violationsOf, type World } from '../testing-world.ts';
import { decide } from './decide.ts';
import { hashEntry } from './history.ts';

/** What a random request is made of; numbers choose among what the world has at that moment. */
const step = fc.record({
  kind: fc.constantFrom(
    ...([
      'hold',
      'hold',
      'hold',
      'book',
      'book',
      'confirm',
      'confirm',
      'finish',
      'finish',
      'finish',
      'release',
    ] as const),
    ...([
      'extend',
      'cancel',
      'cancel',
      'block',
      'unblock',
      'capacity',
      'sweep',
      'cancel-show',
      'close',
      'close',
    ] as const),
  ),
  user: fc.nat(3),
  seats: fc.array(fc.nat(11), { maxLength: 3 }),
  quantity: fc.nat(4),
  section: fc.nat(2),
  pick: fc.nat(20),
  outcome: fc.constantFrom('succeeded' as const, 'failed' as const, 'unknown' as const),
  refund: fc.constantFrom('policy' as const, 'full' as const, 'none' as const),
  flag: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const users = Array.from({ length: 4 }, () => newId());
const ids = (count: number) => Array.from({ length: count }, () => newId(7)).sort();

/** Turns a step into a request against a world, as it was before its batch. */
function requestOf(world: World, made: BoxOfficeRequest[], step: Step): BoxOfficeRequest {
  const seats = [...world.seats.keys()];
  const sections = [...world.sections.keys()];
  const claims = made.flatMap((request) => (request.kind === 'hold' || request.kind === 'book' ? [request] : []));
  const known = [...world.bookings.values(), ...claims.map((claim) => ({ id: claim.bookingId, userId: claim.userId }))];
  // Mostly the owner, sometimes a stranger.
  const chosen = known[step.pick % Math.max(1, known.length)];
  const userId = step.flag ? users[step.user]! : (chosen?.userId ?? users[step.user]!);
  const bookingId = chosen?.id ?? newId(7);
  const charge = step.flag ? null : { paymentId: newId(7), provider: 'sandbox' };
  const sectionId = sections[step.section % sections.length]!;
  const seatIds = [...new Set(step.seats.map((n) => seats[n % seats.length]!))];
  switch (step.kind) {
    case 'hold':
    case 'book': {
      const first = claims[step.pick % Math.max(1, claims.length)];
      if (step.flag && first) return { ...first, bookingId: newId(7) };
      const quantity = seatIds.length === 0 ? step.quantity + 1 : step.quantity;
      const of = quantity > 0 ? [{ sectionId, quantity }] : [];
      const pays = step.kind === 'book' ? charge : null;
      return claimOf({ kind: step.kind, userId: users[step.user]!, seatIds, sections: of, charge: pays });
    }
    case 'confirm':
      return { kind: 'confirm', bookingId, userId, charge };
    case 'release':
    case 'extend':
      return { kind: step.kind, bookingId, userId };
    case 'finish': {
      const charges = [...world.bookings.values()]
        .flatMap((b) => b.payments.map((p) => ({ b, p })))
        .filter(({ p }) => p.kind === 'charge');
      const of = charges[step.pick % Math.max(1, charges.length)];
      const ofBooking = { bookingId: of?.b.id ?? bookingId, paymentId: of?.p.id ?? newId(7) };
      return { kind: 'finish-payment', ...ofBooking, outcome: step.outcome, ticketIds: ids(16), refundId: newId(7) };
    }
    case 'cancel': {
      const booking = world.bookings.get(bookingId);
      const ticketIds = step.flag && booking ? booking.tickets.slice(0, 1).map(({ id }) => id) : null;
      const { refund } = step;
      return {
        kind: 'cancel',
        bookingId,
        userId: null,
        actor: 'admin',
        reason: null,
        ticketIds,
        refund,
        refundId: newId(7),
      };
    }
    case 'block':
    case 'unblock':
      return { kind: step.kind, seatIds };
    case 'capacity':
      return { kind: 'set-capacity', sectionId, capacity: step.quantity + 2 };
    case 'sweep':
      return { kind: 'sweep' };
    case 'cancel-show':
      // Not in every history, or hardly anything would be sold.
      return step.pick > 4 ? { kind: 'sweep' } : { kind: 'cancel-show', reason: 'Storm', userId: users[0]! };
    case 'close':
      return { kind: 'close', bookingId, refundId: newId(7) };
  }
}

const HALF = [{ hoursBefore: 1, refundPercent: 50, feeAmount: 100 }];

interface Batch {
  steps: Step[];
  /** How much time passes before the batch, in seconds; holds last 600. */
  pause: number;
}
const histories = fc.array(fc.record({ steps: fc.array(step, { maxLength: 7 }), pause: fc.nat(400) }), {
  maxLength: 8,
});

/** Plays a random history, handing each batch to `check` with the world before and the decision. */
function play(
  batches: Batch[],
  check: (world: World, requests: BoxOfficeRequest[], now: Date) => World,
  price: number,
): World {
  let world = createWorld({
    standing: [5],
    seated: [
      { rows: 2, seats: 4 },
      { rows: 1, seats: 3 },
    ],
    price,
    show: { refundTerms: [{ from: null, policy: { id: newId(), name: 'Half, less a fee', rules: HALF } }] },
  });
  let now = NOW;
  for (const { steps, pause } of batches) {
    now = new Date(now.getTime() + pause * 1000);
    const requests: BoxOfficeRequest[] = [];
    for (const s of steps) requests.push(requestOf(world, requests, s));
    world = check(world, requests, now);
    expect(violationsOf(world)).toEqual([]);
  }
  return world;
}

test('whatever is asked in whatever order: never more than there is, and counters equal tickets', () => {
  fc.assert(
    fc.property(histories, fc.constantFrom(0, 1500), (batches, price) => {
      play(
        batches,
        (world, requests, now) => applyChanges(world, decide(inventoryOf(world, now), requests, now).changes),
        price,
      );
    }),
    { numRuns: 400 },
  );
});

test('the same input gives the same output, and is left as it was', () => {
  fc.assert(
    fc.property(histories, (batches) => {
      play(
        batches,
        (world, requests, now) => {
          const inventory = inventoryOf(world, now);
          const before = structuredClone({ ...inventory, findSeat: null, seatsOf: null });
          const decision = decide(inventory, requests, now);
          expect({ ...inventory, findSeat: null, seatsOf: null }).toEqual(before);
          expect(decide(inventory, requests, now)).toEqual(decision);
          return applyChanges(world, decision.changes);
        },
        700,
      );
    }),
    { numRuns: 150 },
  );
});

const byBooking = (a: { bookingId: string; seq: number }, b: { bookingId: string; seq: number }) =>
  a.bookingId.localeCompare(b.bookingId) || a.seq - b.seq;

test('a batch leads to what its requests would lead to one by one', () => {
  fc.assert(
    fc.property(histories, (batches) => {
      play(
        batches,
        (world, requests, now) => {
          const together = decide(inventoryOf(world, now), requests, now);
          let alone = world;
          const answers = requests.map((request) => {
            const decision = decide(inventoryOf(alone, now), [request], now);
            alone = applyChanges(alone, decision.changes);
            return decision.answers[0]!;
          });
          const atOnce = applyChanges(world, together.changes);
          expect(together.answers).toEqual(answers);
          // A batch that asks for nothing still expires what is overdue.
          if (requests.length > 0) {
            expect([...atOnce.bookings.values()]).toEqual([...alone.bookings.values()]);
            expect(atOnce.history.toSorted(byBooking)).toEqual(alone.history.toSorted(byBooking));
            expect([...atOnce.sections.values()]).toEqual([...alone.sections.values()]);
            expect(atOnce.blocked).toEqual(alone.blocked);
          }
          return atOnce;
        },
        700,
      );
    }),
    { numRuns: 150 },
  );
});

/** In which status each kind of history entry may leave a booking; a refund leaves it as it was. */
const FINAL: Partial<Record<string, string[]>> = {
  held: ['held'],
  booked: ['confirmed'],
  paying: ['paying'],
  payment_failed: ['held'],
  confirmed: ['confirmed'],
  claimed_again: ['confirmed'],
  extended: ['held'],
  released: ['released'],
  expired: ['expired'],
  cancelled: ['confirmed', 'cancelled'],
};

test('each booking has an unbroken, hashed history that ends in its state', () => {
  fc.assert(
    fc.property(histories, (batches) => {
      const world = play(
        batches,
        (before, requests, now) => applyChanges(before, decide(inventoryOf(before, now), requests, now).changes),
        700,
      );
      for (const booking of world.bookings.values()) {
        const entries = world.history.filter((entry) => entry.bookingId === booking.id);
        expect(entries.map((entry) => entry.seq)).toEqual(entries.map((_, index) => index + 1));
        entries.forEach((entry, index) => {
          expect(entry.previousHash).toBe(entries[index - 1]?.hash ?? '0'.repeat(64));
          expect(entry.hash).toBe(hashEntry(entry));
        });
        const last = entries.at(-1)!;
        expect([booking.historySeq, booking.historyHash, booking.version]).toEqual([
          last.seq,
          last.hash,
          entries.length,
        ]);
        expect(FINAL[last.type] ?? [booking.status]).toContain(booking.status);
      }
    }),
    { numRuns: 100 },
  );
});
