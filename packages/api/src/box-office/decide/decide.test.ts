import { newId } from '@evently/db/ids';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Answer, BoxOfficeRequest, ClaimRequest } from '../inventory.ts';
import { applyChanges, claimOf, createWorld, inventoryOf, NOW, violationsOf, type World } from '../testing-world.ts';
import { decide } from './decide.ts';
import { hashEntry } from './history.ts';

const later = (ms: number) => new Date(NOW.getTime() + ms);
const outcomeOf = (answer: Answer) => ('problem' in answer ? answer.problem.code : 'done');

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
  const claims = made.flatMap((request) => (request.kind === 'hold' || request.kind === 'book' ? [request as ClaimRequest] : []));
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
const histories = fc.array(fc.record({ steps: fc.array(step, { maxLength: 6 }), pause: fc.nat(400) }), { maxLength: 8 });

/** Plays a random history, handing each batch to `check` with the world before and the decision. */
function play(
  batches: Batch[],
  check: (world: World, requests: BoxOfficeRequest[], now: Date) => World,
  price: number,
): World {
  let world = createWorld({ standing: [5], seated: [{ rows: 2, seats: 4 }, { rows: 1, seats: 3 }], price });
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
      const final = { held: 'held', booked: 'confirmed', confirmed: 'confirmed', released: 'released', expired: 'expired' };
      for (const booking of world.bookings.values()) {
        const entries = world.history.filter((entry) => entry.bookingId === booking.id);
        expect(entries.map((entry) => entry.seq)).toEqual(entries.map((_, index) => index + 1));
        entries.forEach((entry, index) => {
          expect(entry.previousHash).toBe(entries[index - 1]?.hash ?? '0'.repeat(64));
          expect(entry.hash).toBe(hashEntry(entry));
        });
        const last = entries.at(-1)!;
        expect([booking.historySeq, booking.historyHash, booking.version]).toEqual([last.seq, last.hash, entries.length]);
        expect(final[last.type]).toBe(booking.status);
      }
    }),
    { numRuns: 100 },
  );
});

test('a request is served wholly or not at all', () => {
  const world = createWorld({ standing: [1], seated: [{ rows: 1, seats: 2 }] });
  const [floor, stalls] = [...world.sections.keys()];
  const [seat] = [...world.seats.keys()];
  const request = claimOf({ kind: 'book', userId: newId(), seatIds: [seat!], sections: [{ sectionId: floor!, quantity: 2 }] });
  const { answers, changes } = decide(inventoryOf(world), [request], NOW);
  expect(answers).toEqual([{ problem: { code: 'sold_out', sectionId: floor, available: 1 } }]);
  expect([changes.newBookings, changes.sections, changes.history]).toEqual([[], [], []]);
  expect(stalls).toBeDefined();
});

test('who asks first is served first', () => {
  const world = createWorld({ standing: [3] });
  const sections = [{ sectionId: [...world.sections.keys()][0]!, quantity: 1 }];
  const requests = Array.from({ length: 5 }, () => claimOf({ kind: 'book', userId: newId(), sections }));
  const { answers } = decide(inventoryOf(world), requests, NOW);
  expect(answers.map(outcomeOf)).toEqual(['done', 'done', 'done', 'sold_out', 'sold_out']);
});

test('a taken seat is named, and only it', () => {
  const world = createWorld({ seated: [{ rows: 1, seats: 3 }] });
  const [a, b, c] = [...world.seats.keys()] as [string, string, string];
  const requests = [
    claimOf({ kind: 'book', userId: newId(), seatIds: [b] }),
    claimOf({ kind: 'book', userId: newId(), seatIds: [c, b, a] }),
  ];
  expect(decide(inventoryOf(world), requests, NOW).answers[1]).toEqual({ problem: { code: 'seat_taken', seatIds: [b] } });
});

test('the same key with the same request answers the same booking, also when the show has sold out since', () => {
  const world = createWorld({ standing: [1] });
  const sections = [{ sectionId: [...world.sections.keys()][0]!, quantity: 1 }];
  const first = claimOf({ kind: 'book', userId: users[0]!, sections });
  const again = { ...first, bookingId: newId(7), ticketIds: [newId(7)] };
  const other = { ...again, requestHash: 'another request' };
  const stranger = { ...again, userId: users[1]! };
  const { answers } = decide(inventoryOf(world), [first, again, other, stranger], NOW);
  expect(answers.map(outcomeOf)).toEqual(['done', 'done', 'idempotency_mismatch', 'sold_out']);
  expect(answers[1]).toEqual(answers[0]);
});

test('unpaid places of one user never exceed the limit; confirmed ones do not count', () => {
  const world = createWorld({ standing: [50], show: { maxPerBooking: 4 } });
  const ask = (kind: 'hold' | 'book', quantity: number) =>
    claimOf({ kind, userId: users[0]!, sections: [{ sectionId: [...world.sections.keys()][0]!, quantity }] });
  const held = ask('hold', 3);
  const requests: BoxOfficeRequest[] = [
    ask('book', 4),
    held,
    ask('hold', 2),
    ask('hold', 1),
    { kind: 'confirm', bookingId: held.bookingId, userId: users[0]! },
    ask('hold', 3),
    ask('book', 5),
  ];
  const { answers } = decide(inventoryOf(world), requests, NOW);
  expect(answers.map(outcomeOf)).toEqual(['done', 'done', 'limit_exceeded', 'done', 'done', 'done', 'limit_exceeded']);
});

test('sales have a beginning and an end, and each refusal says when', () => {
  const sales = { salesOpenAt: later(1000), salesCloseAt: later(2000) };
  const world = createWorld({ standing: [9], show: sales });
  const at = (now: Date, show = world.show) => {
    const sections = [{ sectionId: [...world.sections.keys()][0]!, quantity: 1 }];
    return decide({ ...inventoryOf(world), show }, [claimOf({ kind: 'book', userId: users[0]!, sections })], now).answers[0];
  };
  expect(at(later(999))).toEqual({ problem: { code: 'not_on_sale', opensAt: sales.salesOpenAt.toISOString() } });
  expect(outcomeOf(at(later(1000))!)).toBe('done');
  expect(outcomeOf(at(later(1999))!)).toBe('done');
  expect(at(later(2000))).toEqual({ problem: { code: 'not_on_sale', closedAt: sales.salesCloseAt.toISOString() } });
  expect(at(later(1500), { ...world.show, status: 'cancelled' })).toEqual({ problem: { code: 'not_on_sale' } });
  expect(at(later(1500), { ...world.show, eventStatus: 'cancelled' })).toEqual({ problem: { code: 'not_on_sale' } });
  expect(at(later(1500), { ...world.show, eventStatus: 'draft' })).toEqual({ problem: { code: 'not_found' } });
});

test('what costs something is not given away unpaid, unless it is collected at the door', () => {
  const sectionsOf = (world: World) => [{ sectionId: [...world.sections.keys()][0]!, quantity: 2 }];
  const outcomes = (world: World) => {
    const hold = claimOf({ kind: 'hold', userId: users[0]!, sections: sectionsOf(world) });
    const book = claimOf({ kind: 'book', userId: users[0]!, sections: sectionsOf(world) });
    const confirm = { kind: 'confirm' as const, bookingId: hold.bookingId, userId: users[0]! };
    return decide(inventoryOf(world), [book, hold, confirm], NOW).answers.map(outcomeOf);
  };
  expect(outcomes(createWorld({ standing: [9], price: 100 }))).toEqual(['payment_declined', 'done', 'payment_declined']);
  const atDoor = createWorld({ standing: [9], price: 100, show: { collectAtDoor: true } });
  expect(outcomes(atDoor)).toEqual(['done', 'done', 'done']);
});

test('a hold ends at its deadline, not before, and its places are for whoever asks next', () => {
  const world = createWorld({ seated: [{ rows: 1, seats: 1 }] });
  const [seatId] = [...world.seats.keys()];
  const hold = claimOf({ kind: 'hold', userId: users[0]!, seatIds: [seatId!] });
  const held = applyChanges(world, decide(inventoryOf(world), [hold], NOW).changes);
  const ask = (now: Date) => {
    const requests: BoxOfficeRequest[] = [
      claimOf({ kind: 'book', userId: users[1]!, seatIds: [seatId!] }),
      { kind: 'confirm', bookingId: hold.bookingId, userId: users[0]! },
    ];
    return decide(inventoryOf(held, now), requests, now).answers.map(outcomeOf);
  };
  expect(ask(later(599_999))).toEqual(['seat_taken', 'done']);
  expect(ask(later(600_000))).toEqual(['done', 'hold_expired']);
});

test("somebody else's hold can be neither confirmed nor released", () => {
  const world = createWorld({ standing: [1] });
  const sections = [{ sectionId: [...world.sections.keys()][0]!, quantity: 1 }];
  const hold = claimOf({ kind: 'hold', userId: users[0]!, sections });
  const { bookingId } = hold;
  const requests: BoxOfficeRequest[] = [
    hold,
    { kind: 'confirm', bookingId, userId: users[1]! },
    { kind: 'release', bookingId, userId: users[1]! },
    { kind: 'release', bookingId, userId: users[0]! },
    { kind: 'release', bookingId, userId: users[0]! },
    { kind: 'confirm', bookingId, userId: users[0]! },
  ];
  expect(decide(inventoryOf(world), requests, NOW).answers.map(outcomeOf)).toEqual([
    ...['done', 'not_found', 'not_found', 'done', 'done', 'invalid_state'],
  ]);
});

test('seats that are kept back are not sold, and seats that are sold are not kept back', () => {
  const world = createWorld({ seated: [{ rows: 1, seats: 2 }] });
  const [a, b] = [...world.seats.keys()] as [string, string];
  const book = (seatId: string) => claimOf({ kind: 'book', userId: newId(), seatIds: [seatId] });
  const requests: BoxOfficeRequest[] = [
    { kind: 'block', seatIds: [a] },
    book(a),
    book(b),
    { kind: 'block', seatIds: [b] },
    { kind: 'unblock', seatIds: [a, b] },
    book(a),
  ];
  const { answers } = decide(inventoryOf(world), requests, NOW);
  expect(answers.map(outcomeOf)).toEqual(['done', 'seat_taken', 'done', 'seat_taken', 'done', 'done']);
});

test('seats and sections that the show does not have are named', () => {
  const world = createWorld({ standing: [1] });
  const elsewhere = newId();
  const requests = [
    claimOf({ kind: 'hold', userId: users[0]!, seatIds: [elsewhere] }),
    claimOf({ kind: 'hold', userId: users[0]!, sections: [{ sectionId: elsewhere, quantity: 1 }] }),
  ];
  expect(decide(inventoryOf(world), requests, NOW).answers).toMatchObject([
    { problem: { code: 'invalid_input', issues: [{ path: 'seatIds.0' }] } },
    { problem: { code: 'invalid_input', issues: [{ path: 'sections.0.sectionId' }] } },
  ]);
});
