import { newId } from '@evently/db/ids';
import { expect, test } from 'vitest';
import type { BoxOfficeRequest } from '../requests.ts';
import { HOUR_MS, type Joined, MINUTE_MS, type Sale, Stage } from '../testing-stage.ts';
import { claimOf, createWorld, joinOf, NOW, type WorldPlan } from '../testing-world.ts';
import { offerEndsAt } from './offers.ts';

test('what becomes free is offered in the very decision that frees it, whatever frees it', () => {
  const frees: Record<string, (stage: Stage, holding: { sold: Sale; held: Sale; paying: Sale }) => BoxOfficeRequest> = {
    cancel: (_, { sold: { bookingId } }) => ({
      kind: 'cancel',
      bookingId,
      userId: null,
      actor: 'test',
      reason: null,
      ticketIds: null,
      refund: 'none',
      refundId: newId(7),
    }),
    release: (_, { held }) => ({ kind: 'release', ...held }),
    capacity: ({ sectionIds }) => ({ kind: 'set-capacity', sectionId: sectionIds[0]!, capacity: 5 }),
    unblock: ({ seatIds }) => ({ kind: 'unblock', seatIds: [seatIds[0]!] }),
    'a payment that failed': ({ world }, { paying: { bookingId } }) => ({
      kind: 'finish-payment',
      bookingId,
      paymentId: world.bookings.get(bookingId)!.payments[0]!.id,
      outcome: 'failed',
      ticketIds: [],
      refundId: newId(7),
    }),
    'a hold that ran out': (stage) => {
      stage.wait(11);
      return { kind: 'sweep' };
    },
  };
  for (const [what, free] of Object.entries(frees)) {
    const stage = new Stage({
      standing: [3],
      seated: [{ rows: 1, seats: 1 }],
      price: 100,
      show: { collectAtDoor: false },
    });
    const [floor] = stage.sectionIds;
    const charge = { paymentId: newId(7), provider: 'sandbox' };
    const paid = claimOf({ kind: 'book', userId: newId(), sections: [{ sectionId: floor!, quantity: 1 }], charge });
    const paying = claimOf({
      ...paid,
      ...claimOf({ kind: 'book', userId: newId(), sections: paid.sections }),
      charge: { ...charge, paymentId: newId(7) },
    });
    stage.ask(paid, {
      kind: 'finish-payment',
      bookingId: paid.bookingId,
      paymentId: charge.paymentId,
      outcome: 'succeeded',
      ticketIds: [],
      refundId: newId(7),
    });
    const held = stage.sell(0, 1, 'hold');
    stage.ask(paying, { kind: 'block', seatIds: stage.seatIds });
    const waiting = stage.join(1);
    stage.ask(free(stage, { sold: paid, held, paying }));
    expect([what, ...stage.statuses(waiting)]).toEqual([what, 'offered']);
    expect([what, stage.offer(waiting).status]).toEqual([what, 'held']);
  }
});

test('an offer is a hold of a whole party in one section, together where that is possible in any', () => {
  const stage = new Stage({
    seated: [
      { rows: 1, seats: 5 },
      { rows: 1, seats: 4 },
    ],
  });
  const sale = stage.sellSeats(0, 2, 4, 6, 7);
  const kept = [stage.sellSeats(1, 3), stage.sellSeats(5, 8)];
  const parties = [stage.join(2), stage.join(4), stage.join(3)];
  stage.cancel(sale);
  const seats = parties.map((party) => stage.offer(party)?.tickets.map(({ seatId }) => stage.seatIds.indexOf(seatId!)));
  // The second needs more than any section has; the third is torn, since nothing better is free.
  expect(seats).toEqual([[6, 7], undefined, [0, 2, 4]]);
  for (const { bookingId } of kept) expect(stage.world.bookings.get(bookingId)!.status).toBe('confirmed');
});

test('an offer lasts half an hour; near the end of sales a twelfth of what is left, but five minutes; and never longer than sales', () => {
  const lasts = (minutesLeft: number) => {
    const salesCloseAt = new Date(NOW.getTime() + minutesLeft * MINUTE_MS);
    const ends = offerEndsAt({ show: { ...createWorld({}).show, salesCloseAt }, now: NOW });
    return (ends.getTime() - NOW.getTime()) / MINUTE_MS;
  };
  expect([6000, 360, 240, 60, 30, 5, 2].map(lasts)).toEqual([30, 30, 20, 5, 5, 5, 2]);
});

test('the first in line who fits is served; a smaller party passes only when those before it need more than there is', () => {
  const stage = new Stage({ standing: [3] });
  const sales = [stage.sell(0, 1), stage.sell(0, 1), stage.sell(0, 1)];
  const [pair, single, later] = [stage.join(2), stage.join(1), stage.join(1)];
  stage.cancel(sales[0]!);
  expect(stage.statuses(pair, single, later)).toEqual(['waiting', 'offered', 'waiting']);
  expect([stage.events(pair), stage.entry(pair).passed]).toEqual([['joined', 'passed'], 1]);
  expect(stage.world.entryEvents.find(({ type }) => type === 'passed')!.data).toMatchObject({
    servedEntryId: single.id,
    needed: 2,
    free: 1,
    reason: 'too_few_places',
  });
  stage.settle('release', single);
  // The place that came back alone passes on; what comes with it goes to the first.
  expect(stage.statuses(pair, single, later)).toEqual(['waiting', 'declined', 'offered']);
  const how = { actor: 'test', reason: null, ticketIds: null, refund: 'none' as const, userId: null };
  stage.ask(
    { kind: 'release', bookingId: stage.offer(later).id, userId: newId() },
    { kind: 'set-capacity', sectionId: stage.sectionIds[0]!, capacity: 5 },
    { kind: 'cancel', bookingId: sales[1]!.bookingId, refundId: newId(7), ...how },
  );
  expect(stage.statuses(pair, later)).toEqual(['offered', 'offered']);
});

test('whoever takes any section passes nobody where that can be', () => {
  const stage = new Stage({ standing: [3, 3] });
  const sections = stage.sectionIds.map((sectionId) => ({ sectionId, quantity: 2 }));
  const sale = claimOf({ kind: 'book', userId: newId(), sections });
  stage.ask(sale);
  for (const section of [0, 1]) stage.sell(section, 1);
  const [large, any] = [stage.join(3, 0), stage.join(2)];
  stage.cancel(sale);
  expect([stage.statuses(large, any), stage.entry(large).passed]).toEqual([['waiting', 'offered'], 0]);
});

/** A party of three at the head of the line, passed three times; one place is free or becomes so. */
function passedThrice(plan: WorldPlan = {}): { stage: Stage; head: Joined; sales: Sale[]; next: Joined } {
  const stage = new Stage({ standing: [6], ...plan });
  const sales = Array.from({ length: 6 }, () => stage.sell(0, 1));
  const head = stage.join(3);
  const others = [stage.join(1), stage.join(1), stage.join(1), stage.join(1)];
  for (const sale of sales.splice(0, 3)) stage.cancel(sale);
  expect(stage.statuses(head, ...others)).toEqual(['waiting', 'offered', 'offered', 'offered', 'waiting']);
  return { stage, head, sales, next: others[3]! };
}

test('after three passes, what becomes free is saved for the first in line, and nobody else gets it', () => {
  const { stage, head, sales, next } = passedThrice();
  stage.cancel(sales[0]!);
  expect(stage.statuses(head, next)).toEqual(['waiting', 'waiting']);
  expect(stage.world.sections.get(stage.sectionIds[0]!)!.isSaved).toBe(true);
  // For the public the show is as sold out as before.
  expect(stage.soldOutChanged).toBe(false);
  expect(stage.buys()).toBe('sold_out');
  expect(stage.outcome(joinOf({ userId: newId(), quantity: 1 }))).toBe('done');
  stage.cancel(sales[1]!);
  expect(stage.statuses(head, next)).toEqual(['waiting', 'waiting']);
  stage.ask({ kind: 'set-capacity', sectionId: stage.sectionIds[0]!, capacity: 8 });
  expect(stage.statuses(head, next)).toEqual(['offered', 'offered']);
  expect(stage.world.sections.get(stage.sectionIds[0]!)!.isSaved).toBe(false);
});

test('nothing is saved for a party that the section could never hold', () => {
  const stage = new Stage({ standing: [2] });
  const sale = stage.sell(0, 1);
  stage.sell(0, 1);
  const large = stage.join(3);
  const singles = [stage.join(1), stage.join(1), stage.join(1), stage.join(1)];
  stage.cancel(sale);
  for (const single of singles.slice(0, 3)) stage.settle('release', single);
  expect([stage.entry(large).passed, ...stage.statuses(large, singles[3]!)]).toEqual([4, 'waiting', 'offered']);
});

test('seats that are saved are taken for everybody else', () => {
  const stage = new Stage({ seated: [{ rows: 1, seats: 4 }] });
  const sales = [0, 1, 2, 3].map((seat) => stage.sellSeats(seat));
  stage.join(2);
  for (const one of [stage.join(1), stage.join(1), stage.join(1)]) expect(stage.events(one)).toEqual(['joined']);
  for (const sale of sales.slice(0, 3)) stage.cancel(sale);
  stage.cancel(sales[3]!);
  const seatIds = [stage.seatIds[3]!];
  expect(stage.ask(claimOf({ kind: 'hold', userId: newId(), seatIds }))[0]).toEqual({
    problem: { code: 'seat_taken', seatIds },
  });
});

test('places are saved for half an hour at most, and for nobody in vain: then those behind have them, or anybody', () => {
  const { stage, head, sales, next } = passedThrice();
  stage.cancel(sales[0]!);
  // Those before have accepted, so that nothing but the saved place is free.
  for (const entry of [...stage.world.entries.values()].filter(({ status }) => status === 'offered'))
    expect(stage.settle('confirm', entry)).toBe('done');
  stage.wait(29);
  stage.ask({ kind: 'sweep' });
  expect(stage.statuses(head, next)).toEqual(['waiting', 'waiting']);
  stage.wait(1);
  stage.ask({ kind: 'sweep' });
  expect(stage.statuses(head, next)).toEqual(['waiting', 'offered']);
  // Passed again, but it takes three passes to save anew.
  expect([stage.entry(head).passed, stage.entry(head).saves]).toEqual([1, null]);
  stage.settle('release', next);
  expect(stage.buys()).toBe('done');
});

test('nothing is saved within a day of the show', () => {
  const startsAt = new Date(NOW.getTime() + 24 * HOUR_MS + 10 * MINUTE_MS);
  const { stage, sales, head } = passedThrice({ show: { startsAt, salesCloseAt: startsAt } });
  stage.cancel(sales[0]!);
  expect(stage.entry(head).status).toBe('waiting');
  const late = passedThrice({ show: { startsAt, salesCloseAt: startsAt } });
  const { stage: other, next } = late;
  other.ask({ kind: 'leave', entryId: next.id, userId: next.userId });
  other.cancel(late.sales[0]!);
  expect(other.entry(late.head).saves).toEqual({
    sectionId: other.sectionIds[0],
    until: new Date(NOW.getTime() + 10 * MINUTE_MS),
  });
  other.wait(10);
  expect(other.buys()).toBe('done');
  other.cancel(late.sales[1]!);
  expect([other.entry(late.head).saves, other.buys()]).toEqual([null, 'done']);
});

test('what fits nobody who waits is for anybody to buy', () => {
  const stage = new Stage({ standing: [3] });
  const sales = [stage.sell(0, 1), stage.sell(0, 2)];
  stage.join(2);
  stage.cancel(sales[0]!);
  expect(stage.buys()).toBe('done');
  expect(stage.buys()).toBe('sold_out');
});

test('to confirm an offer converts the entry; to release it or let it run out passes the places on to the next', () => {
  const stage = new Stage({ standing: [1] });
  const sale = stage.sell(0, 1);
  const [first, second, third] = [stage.join(1), stage.join(1), stage.join(1)];
  stage.cancel(sale);
  expect(stage.settle('release', first)).toBe('done');
  expect(stage.statuses(first, second, third)).toEqual(['declined', 'offered', 'waiting']);
  stage.wait(30);
  // Too late, though nobody has swept it yet.
  expect(stage.settle('confirm', second)).toBe('hold_expired');
  expect(stage.statuses(second, third)).toEqual(['lapsed', 'offered']);
  expect(stage.settle('confirm', third)).toBe('done');
  expect([stage.statuses(third), stage.settle('confirm', third)]).toEqual([['converted'], 'done']);
});

test('what becomes of a booking after it was accepted is no concern of the entry any more', () => {
  const stage = new Stage();
  const sale = stage.sell(0, 2);
  const joined = stage.join(2);
  stage.cancel(sale);
  stage.settle('confirm', joined);
  const { id: bookingId, tickets } = stage.offer(joined);
  const how = { actor: 'test', reason: null, refund: 'none' as const, refundId: newId(7), userId: null };
  expect(stage.outcome({ kind: 'cancel', bookingId, ticketIds: [tickets[0]!.id], ...how })).toBe('done');
  expect([stage.statuses(joined), stage.events(joined)]).toEqual([['converted'], ['joined', 'offered', 'converted']]);
});

test('the line closes with sales, whether they end or the show is called off; offers end with them', () => {
  const salesCloseAt = new Date(NOW.getTime() + 20 * MINUTE_MS);
  const ended = new Stage({ standing: [1], show: { salesCloseAt } });
  const sale = ended.sell(0, 1);
  const [first, second] = [ended.join(1), ended.join(1)];
  ended.wait(17);
  ended.cancel(sale);
  ended.settle('release', first);
  expect(ended.offer(second).expiresAt).toEqual(salesCloseAt);
  const third = ended.join(1);
  ended.wait(3);
  ended.ask({ kind: 'sweep' });
  expect(ended.statuses(first, second, third)).toEqual(['declined', 'lapsed', 'closed']);

  const cancelled = passedThrice();
  cancelled.stage.cancel(cancelled.sales[0]!);
  cancelled.stage.ask({ kind: 'cancel-show', reason: 'Storm', userId: newId() });
  expect(cancelled.stage.statuses(cancelled.head, cancelled.next)).toEqual(['closed', 'closed']);
  expect(cancelled.stage.world.sections.get(cancelled.stage.sectionIds[0]!)!.isSaved).toBe(false);
});

test('money that comes too late does not take what is saved for somebody who waits', () => {
  const stage = new Stage({ standing: [6], price: 500 });
  const hold = stage.sell(0, 1, 'hold');
  const charge = { paymentId: newId(7), provider: 'sandbox' };
  const finish = (outcome: 'failed' | 'succeeded') => {
    const { bookingId } = hold;
    const paid = { bookingId, paymentId: charge.paymentId, outcome, ticketIds: [newId(7)], refundId: newId(7) };
    expect(stage.outcome({ kind: 'finish-payment', ...paid })).toBe('done');
  };
  stage.ask({ kind: 'confirm', ...hold, charge });
  const others = Array.from({ length: 5 }, () => stage.sell(0, 1, 'hold'));
  const head = stage.join(3);
  for (let n = 0; n < 3; n += 1) stage.join(1);
  for (const other of others.slice(0, 3)) stage.ask({ kind: 'release', ...other });
  finish('failed');
  stage.ask({ kind: 'release', ...hold });
  expect(stage.entry(head).saves).not.toBeNull();
  finish('succeeded');
  const { status, payments } = stage.world.bookings.get(hold.bookingId)!;
  expect([status, payments.filter(({ kind }) => kind === 'refund').length]).toEqual(['released', 1]);
});
