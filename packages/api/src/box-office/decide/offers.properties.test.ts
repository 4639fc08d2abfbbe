import { newId } from '@evently/db/ids';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BoxOfficeRequest } from '../requests.ts';
import { lineViolationsOf } from '../testing-line.ts';
import {
  applyChanges,
  claimOf,
  createWorld,
  inventoryOf,
  joinOf,
  NOW,
  violationsOf,
  type World,
} from '../testing-world.ts';
import { decide } from './decide.ts';

const weights = {
  join: 3,
  cancel: 4,
  decline: 3,
  accept: 2,
  leave: 1,
  release: 1,
  finish: 1,
  hold: 2,
  book: 1,
} as const;
const others = ['capacity', 'block', 'unblock', 'sweep'] as const;
const kinds = Object.entries(weights).flatMap(([kind, weight]) => Array(weight).fill(kind) as (keyof typeof weights)[]);

const step = fc.record({
  kind: fc.constantFrom(...kinds, ...others),
  user: fc.nat(11),
  quantity: fc.constantFrom(0, 0, 1, 3),
  section: fc.nat(3),
  seat: fc.nat(9),
  pick: fc.nat(30),
  flag: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const users = Array.from({ length: 12 }, () => newId());
const pickOf = <T>(items: readonly T[], pick: number): T | undefined => items[pick % Math.max(1, items.length)];

/** Turns a step into a request against a world as it was before its batch. */
function requestOf(world: World, made: readonly BoxOfficeRequest[], { kind, ...s }: Step): BoxOfficeRequest {
  const sectionId = pickOf([...world.sections.keys()], s.section)!;
  const userId = users[s.user]!;
  const sold = [...world.bookings.values()].filter(({ status }) => status === 'confirmed');
  const open = [...world.bookings.values()].filter(({ status }) => status === 'held' || status === 'paying');
  const joined = made.flatMap((request) => (request.kind === 'join' ? [{ ...request, id: request.entryId }] : []));
  const entry = pickOf([...world.entries.values(), ...joined], s.pick);
  const booking = pickOf(kind === 'cancel' ? sold : open, s.pick);
  const charge = { paymentId: newId(7), provider: 'sandbox' };
  switch (kind) {
    case 'join':
      return joinOf({ userId, quantity: s.quantity + 1, sectionId: s.section === 3 ? null : sectionId });
    case 'decline':
    case 'leave':
      return { kind, entryId: entry?.id ?? newId(7), userId: entry?.userId ?? userId };
    case 'cancel': {
      const ticketIds = s.flag && booking ? booking.tickets.slice(0, 1).map(({ id }) => id) : null;
      const how = { actor: 'test', reason: null, refund: 'full' as const, refundId: newId(7) };
      return { kind, bookingId: booking?.id ?? newId(7), userId: null, ticketIds, ...how };
    }
    case 'accept':
    case 'release': {
      const of = { bookingId: booking?.id ?? newId(7), userId: booking?.userId ?? userId };
      return kind === 'release' ? { kind, ...of } : { kind: 'confirm', ...of, charge };
    }
    case 'finish': {
      const payment = pickOf(booking?.payments ?? [], s.pick);
      const of = { bookingId: booking?.id ?? newId(7), paymentId: payment?.id ?? newId(7) };
      const ticketIds = Array.from({ length: 4 }, () => newId(7)).sort();
      return { kind: 'finish-payment', ...of, outcome: s.flag ? 'succeeded' : 'failed', ticketIds, refundId: newId(7) };
    }
    case 'hold':
    case 'book':
      return claimOf({
        kind,
        userId,
        sections: [{ sectionId, quantity: s.quantity + 1 }],
        charge: kind === 'book' ? charge : null,
      });
    case 'capacity':
      return { kind: 'set-capacity', sectionId, capacity: s.seat + 1 };
    case 'block':
    case 'unblock':
      return { kind, seatIds: [pickOf([...world.seats.keys()], s.seat)!] };
    case 'sweep':
      return { kind };
  }
}

const histories = fc.record({
  batches: fc.array(
    fc.record({
      steps: fc.array(step, { maxLength: 8, size: 'max' }),
      pause: fc.oneof(fc.nat(300), fc.nat(300), fc.constant(1850)),
    }),
    {
      minLength: 4,
      maxLength: 16,
      size: 'max',
    },
  ),
  line: fc.array(fc.record({ quantity: fc.constantFrom(2, 0, 0), section: fc.nat(3) }), { maxLength: 8, size: 'max' }),
  price: fc.constantFrom(0, 700),
  // Saving places stops a day before the show; sales end within some of the histories.
  startsInHours: fc.constantFrom(24, 25, 72, 72),
  salesInMinutes: fc.constantFrom(120, 600),
});
type History = typeof histories extends fc.Arbitrary<infer T> ? T : never;

const minutes = (count: number) => new Date(NOW.getTime() + count * 60_000);

/** Every place to somebody else: nobody waits before everything is taken. */
function sellOut(world: World, now: Date): World {
  const claims = [...world.sections.values()].flatMap(({ sectionId, capacity }) =>
    Array.from({ length: capacity }, () => {
      const sections = [{ sectionId, quantity: 1 }];
      return claimOf({ kind: 'book', userId: newId(), sections, charge: { paymentId: newId(7), provider: 'sandbox' } });
    }),
  );
  const claimed = applyChanges(world, decide(inventoryOf(world, now), claims, now).changes);
  const paid = [...claimed.bookings.values()].flatMap(({ id: bookingId, payments }) =>
    payments.map(({ id: paymentId }): BoxOfficeRequest => {
      return { kind: 'finish-payment', bookingId, paymentId, outcome: 'succeeded', ticketIds: [], refundId: newId(7) };
    }),
  );
  return applyChanges(claimed, decide(inventoryOf(claimed, now), paid, now).changes);
}

function play(
  { batches, line, price, startsInHours, salesInMinutes }: History,
  decideBatch: (world: World, requests: BoxOfficeRequest[], now: Date) => World,
): World {
  let world = createWorld({
    standing: [3],
    seated: [
      { rows: 1, seats: 3 },
      { rows: 2, seats: 2 },
    ],
    price,
    show: {
      salesCloseAt: minutes(salesInMinutes),
      startsAt: minutes(startsInHours * 60),
      maxPerBooking: 4,
      collectAtDoor: price === 0,
    },
  });
  let now = NOW;
  world = sellOut(world, now);
  const first = line.map(({ quantity, section }, index) => {
    const sectionId = [...world.sections.keys()][section] ?? null;
    return joinOf({ userId: users[index]!, quantity: quantity + 1, sectionId });
  });
  world = applyChanges(world, decide(inventoryOf(world, now), first, now).changes);
  for (const { steps, pause } of batches) {
    now = new Date(now.getTime() + pause * 1000);
    const requests: BoxOfficeRequest[] = [];
    for (const one of steps) requests.push(requestOf(world, requests, one));
    world = decideBatch(world, requests, now);
    expect([...violationsOf(world), ...lineViolationsOf(world, now)]).toEqual([]);
  }
  return world;
}

test('whatever is asked in whatever order: the line is served first come, first served, and nobody waits for what is free', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(histories, (history) => {
      const world = play(history, (before, requests, now) =>
        applyChanges(before, decide(inventoryOf(before, now), requests, now).changes),
      );
      for (const { type } of world.entryEvents) seen.add(type);
    }),
    { numRuns: 600 },
  );
  // The histories reach every rule.
  const all = [
    'joined',
    'offered',
    'passed',
    'saving',
    'saved_in_vain',
    'converted',
    'declined',
    'lapsed',
    'left',
    'closed',
  ];
  expect([...seen].sort()).toEqual(all.sort());
});

test('what was offered once is offered no second time: to decide again at once changes nothing', () => {
  fc.assert(
    fc.property(histories, (history) => {
      play(history, (before, requests, now) => {
        const world = applyChanges(before, decide(inventoryOf(before, now), requests, now).changes);
        const { changes } = decide(inventoryOf(world, now), [], now);
        expect([changes.newBookings, changes.entryEvents, changes.sections]).toEqual([[], [], []]);
        return world;
      });
    }),
    { numRuns: 100 },
  );
});

test('a batch with those who wait leads to what its requests would lead to one by one', () => {
  const byEntry = (a: { entryId: string; seq: number }, b: { entryId: string; seq: number }) =>
    a.entryId.localeCompare(b.entryId) || a.seq - b.seq;
  fc.assert(
    fc.property(histories, (history) => {
      play(history, (before, requests, now) => {
        const together = decide(inventoryOf(before, now), requests, now);
        let alone = before;
        const answers = requests.map((request) => {
          const decision = decide(inventoryOf(alone, now), [request], now);
          alone = applyChanges(alone, decision.changes);
          return decision.answers[0]!;
        });
        const atOnce = applyChanges(before, together.changes);
        expect(together.answers).toEqual(answers);
        if (requests.length === 0) return atOnce;
        expect(atOnce.bookings).toEqual(alone.bookings);
        expect(atOnce.entries).toEqual(alone.entries);
        expect(atOnce.entryEvents.toSorted(byEntry)).toEqual(alone.entryEvents.toSorted(byEntry));
        expect(atOnce.sections).toEqual(alone.sections);
        return atOnce;
      });
    }),
    { numRuns: 150 },
  );
});
