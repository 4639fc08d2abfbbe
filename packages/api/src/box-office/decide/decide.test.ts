import { newId } from '@evently/db/ids';
import { expect, test } from 'vitest';
import type { Answer } from '../inventory.ts';
import type { BoxOfficeRequest } from '../requests.ts';
import { applyChanges, claimOf, createWorld, inventoryOf, NOW, violationsOf, type World } from '../testing-world.ts';
import { decide } from './decide.ts';

const users = Array.from({ length: 2 }, () => newId());
const later = (ms: number) => new Date(NOW.getTime() + ms);
const outcomeOf = (answer: Answer) => ('problem' in answer ? answer.problem.code : 'done');

test('a request is served wholly or not at all', () => {
  const world = createWorld({ standing: [1], seated: [{ rows: 1, seats: 2 }] });
  const [floor, stalls] = [...world.sections.keys()];
  const [seat] = [...world.seats.keys()];
  const request = claimOf({
    kind: 'book',
    userId: newId(),
    seatIds: [seat!],
    sections: [{ sectionId: floor!, quantity: 2 }],
  });
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
  expect(decide(inventoryOf(world), requests, NOW).answers[1]).toEqual({
    problem: { code: 'seat_taken', seatIds: [b] },
  });
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
    { kind: 'confirm', bookingId: held.bookingId, userId: users[0]!, charge: null },
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
    return decide({ ...inventoryOf(world), show }, [claimOf({ kind: 'book', userId: users[0]!, sections })], now)
      .answers[0];
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
    const confirm = { kind: 'confirm' as const, bookingId: hold.bookingId, userId: users[0]!, charge: null };
    return decide(inventoryOf(world), [book, hold, confirm], NOW).answers.map(outcomeOf);
  };
  expect(outcomes(createWorld({ standing: [9], price: 100 }))).toEqual([
    'payment_declined',
    'done',
    'payment_declined',
  ]);
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
      { kind: 'confirm', bookingId: hold.bookingId, userId: users[0]!, charge: null },
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
    { kind: 'confirm', bookingId, userId: users[1]!, charge: null },
    { kind: 'release', bookingId, userId: users[1]! },
    { kind: 'release', bookingId, userId: users[0]! },
    { kind: 'release', bookingId, userId: users[0]! },
    { kind: 'confirm', bookingId, userId: users[0]!, charge: null },
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

test('a visitor cancels until the show begins; the house may cancel after it, too', () => {
  const world = createWorld({ standing: [1] });
  const sections = [{ sectionId: [...world.sections.keys()][0]!, quantity: 1 }];
  const book = claimOf({ kind: 'book', userId: users[0]!, sections });
  const sold = applyChanges(world, decide(inventoryOf(world), [book], NOW).changes);
  const cancelAt = (now: Date, userId: string | null) => {
    const { bookingId } = book;
    const rest = { actor: 'test', reason: null, ticketIds: null, refund: 'policy' as const, refundId: newId(7) };
    const [answer] = decide(inventoryOf(sold, now), [{ kind: 'cancel', bookingId, userId, ...rest }], now).answers;
    return outcomeOf(answer!);
  };
  const start = sold.show.startsAt;
  expect(cancelAt(new Date(start.getTime() - 1), users[0]!)).toBe('done');
  expect(cancelAt(start, users[0]!)).toBe('invalid_state');
  expect(cancelAt(start, null)).toBe('done');
  expect(cancelAt(NOW, users[1]!)).toBe('not_found');
});

test('nothing is sold of a show from the request on that cancels it', () => {
  const world = createWorld({ standing: [5] });
  const sections = [{ sectionId: [...world.sections.keys()][0]!, quantity: 1 }];
  const book = () => claimOf({ kind: 'book', userId: newId(), sections });
  const why = { reason: 'Storm', userId: newId() };
  const { answers, changes } = decide(inventoryOf(world), [book(), { kind: 'cancel-show', ...why }, book()], NOW);
  expect(answers.map(outcomeOf)).toEqual(['done', 'done', 'not_on_sale']);
  expect(changes.cancelsShow).toEqual(why);
});

test('no booking is closed of a show that goes on; of a cancelled one each is, once, whatever was used of it', () => {
  const world = createWorld({ standing: [5], price: 500, show: { collectAtDoor: true } });
  const sections = [{ sectionId: [...world.sections.keys()][0]!, quantity: 2 }];
  const [sale, hold] = [
    claimOf({ kind: 'book', userId: users[0]!, sections }),
    claimOf({ kind: 'hold', userId: users[1]!, sections }),
  ];
  const close = ({ bookingId }: { bookingId: string }) =>
    ({ kind: 'close', bookingId, refundId: newId(7) }) satisfies BoxOfficeRequest;
  const early = decide(inventoryOf(world), [sale, hold, close(sale), close(hold)], NOW);
  expect(early.answers.map(outcomeOf)).toEqual(['done', 'done', 'invalid_state', 'invalid_state']);
  const sold = applyChanges(world, early.changes);
  const booking = sold.bookings.get(sale.bookingId)!;
  const [first, ...others] = booking.tickets;
  sold.bookings.set(booking.id, { ...booking, tickets: [{ ...first!, status: 'used' }, ...others] });
  const why = { reason: 'Storm', userId: newId() };
  const most = claimOf({ kind: 'hold', userId: users[1]!, sections: [{ ...sections[0]!, quantity: 10 }] });
  const requests = [{ kind: 'cancel-show' as const, ...why }, close(sale), close(hold), close(sale), close(hold), most];
  const { answers, changes } = decide(inventoryOf(sold), requests, NOW);
  // What was released no longer counts towards the limit.
  expect(outcomeOf(answers.at(-1)!)).toBe('not_on_sale');
  const ended = applyChanges(sold, changes);
  expect([...ended.bookings.values()].map(({ status, version }) => [status, version])).toEqual([
    ['cancelled', 2],
    ['released', 2],
  ]);
  expect(violationsOf(ended)).toEqual([]);
});

test('money that comes for a booking that its owner cancelled since goes back', () => {
  let world = createWorld({ standing: [1], price: 500 });
  const userId = users[0]!;
  const hold = claimOf({
    kind: 'hold',
    userId,
    sections: [{ sectionId: [...world.sections.keys()][0]!, quantity: 1 }],
  });
  const { bookingId } = hold;
  const ask = (request: BoxOfficeRequest) => {
    const { answers, changes } = decide(inventoryOf(world), [request], NOW);
    world = applyChanges(world, changes);
    expect(outcomeOf(answers[0]!)).toBe('done');
  };
  const [first, second] = [newId(7), newId(7)] as const;
  const pay = (paymentId: string) =>
    ask({ kind: 'confirm', bookingId, userId, charge: { paymentId, provider: 'sandbox' } });
  const finish = (paymentId: string, outcome: 'succeeded' | 'failed') =>
    ask({ kind: 'finish-payment', bookingId, paymentId, outcome, ticketIds: [newId(7)], refundId: newId(7) });
  ask(hold);
  pay(first);
  finish(first, 'failed');
  pay(second);
  finish(second, 'succeeded');
  const all = { actor: 'test', reason: null, ticketIds: null, refund: 'full' as const, refundId: newId(7) };
  ask({ kind: 'cancel', bookingId, userId, ...all });
  finish(first, 'succeeded');
  const { status, payments } = world.bookings.get(bookingId)!;
  expect([status, payments.filter(({ kind }) => kind === 'refund').map(({ amount }) => amount)]).toEqual([
    'cancelled',
    [500, 500],
  ]);
  expect(violationsOf(world)).toEqual([]);
});
