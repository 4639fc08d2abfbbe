import { newId } from '@evently/db/ids';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BoxOfficeRequest, ClaimRequest } from '../inventory.ts';
import { applyChanges, claimOf, createWorld, inventoryOf, NOW, violationsOf, type World } from '../testing-world.ts';
import { decide } from './decide.ts';
import { hashEntry } from './history.ts';

/** What a random request is made of; numbers choose among what the world has at that moment. */
const step = fc.record({
  kind: fc.constantFrom('hold', 'hold', 'hold', 'book', 'book', 'confirm', 'release', 'block', 'unblock', 'sweep'),
  user: fc.nat(3),
  seats: fc.array(fc.nat(11), { maxLength: 3 }),
  quantity: fc.nat(4),
  section: fc.nat(2),
  pick: fc.nat(20),
  repeatsKey: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const users = Array.from({ length: 4 }, () => newId());

/** Turns a step into a request against a world, as it was before its batch. */
function requestOf(world: World, made: BoxOfficeRequest[], step: Step): BoxOfficeRequest {
  const seats = [...world.seats.keys()];
  const sections = [...world.sections.keys()];
  const claims = made.flatMap((request) =>
    request.kind === 'hold' || request.kind === 'book' ? [request as ClaimRequest] : [],
  );
  const known = [...world.bookings.keys(), ...claims.map((request) => request.bookingId)];
  const userId = users[step.user]!;
  const seatIds = [...new Set(step.seats.map((n) => seats[n % seats.length]!))];
  switch (step.kind) {
    case 'hold':
    case 'book': {
      const first = claims[step.pick % Math.max(1, claims.length)];
      if (step.repeatsKey && first) return { ...first, bookingId: newId(7) };
      const quantity = seatIds.length === 0 ? step.quantity + 1 : step.quantity;
      const of = quantity > 0 ? [{ sectionId: sections[step.section % sections.length]!, quantity }] : [];
      return claimOf({ kind: step.kind, userId, seatIds, sections: of });
    }
    case 'confirm':
    case 'release':
      return { kind: step.kind, bookingId: known[step.pick % Math.max(1, known.length)] ?? newId(7), userId };
    case 'block':
    case 'unblock':
      return { kind: step.kind, seatIds };
    default:
      return { kind: 'sweep' };
  }
}

interface Batch {
  steps: Step[];
  /** How much time passes before the batch, in seconds; holds last 600. */
  pause: number;
}
const histories = fc.array(fc.record({ steps: fc.array(step, { maxLength: 6 }), pause: fc.nat(400) }), {
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
        0,
      );
    }),
    { numRuns: 150 },
  );
});

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
            expect([...atOnce.sections.values()]).toEqual([...alone.sections.values()]);
            expect(atOnce.blocked).toEqual(alone.blocked);
          }
          return atOnce;
        },
        0,
      );
    }),
    { numRuns: 150 },
  );
});

test('each booking has an unbroken, hashed history that ends in its state', () => {
  fc.assert(
    fc.property(histories, (batches) => {
      const world = play(
        batches,
        (before, requests, now) => applyChanges(before, decide(inventoryOf(before, now), requests, now).changes),
        0,
      );
      const final = {
        held: 'held',
        booked: 'confirmed',
        confirmed: 'confirmed',
        released: 'released',
        expired: 'expired',
      };
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
        expect(final[last.type]).toBe(booking.status);
      }
    }),
    { numRuns: 100 },
  );
});
