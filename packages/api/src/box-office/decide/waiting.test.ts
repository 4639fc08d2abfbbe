import { newId } from '@evently/db/ids';
import { expect, test } from 'vitest';
import { type Joined, outcomeOf, Stage } from '../testing-stage.ts';
import { claimOf, joinOf } from '../testing-world.ts';
import { MAX_SERVED_PER_BATCH } from './offers.ts';

test('nobody joins who can buy, waits already, asks for more than anybody may have, or comes when nothing is sold', () => {
  const stage = new Stage({ standing: [2, 3], show: { maxPerBooking: 4 } });
  const join = (quantity: number, section: number | null = 0, userId = newId()) =>
    stage.outcome(joinOf({ userId, quantity, sectionId: section === null ? null : stage.sectionIds[section]! }));
  expect([join(2), join(3), join(3, null), join(4, null)]).toEqual(['invalid_state', 'done', 'invalid_state', 'done']);
  expect(join(5)).toBe('limit_exceeded');
  const twice = newId();
  expect([join(3, 0, twice), join(4, 1, twice)]).toEqual(['done', 'already_waiting']);
  expect(stage.outcome(joinOf({ userId: newId(), quantity: 1, sectionId: newId() }))).toBe('invalid_input');
  stage.now = stage.world.show.salesCloseAt;
  expect(join(3)).toBe('not_on_sale');
});

test('the same key joins once, also when a place has become free since; with another request, or for a booking, it is refused', () => {
  const stage = new Stage();
  const sale = stage.sell(0, 2);
  const request = joinOf({ userId: newId(), quantity: 1 });
  const again = { ...request, entryId: newId(7) };
  const book = claimOf({
    kind: 'book',
    userId: request.userId,
    sections: [{ sectionId: stage.sectionIds[0]!, quantity: 1 }],
  });
  const ofBooking = { ...book, idempotencyKey: request.idempotencyKey };
  const [first, second, other, booking] = stage.ask(request, again, { ...again, requestHash: 'another' }, ofBooking);
  expect(second).toEqual(first);
  expect([other!, booking!].map(outcomeOf)).toEqual(['idempotency_mismatch', 'idempotency_mismatch']);
  stage.cancel(sale);
  expect(stage.ask(again)[0]).toMatchObject({ entry: { id: request.entryId, status: 'offered' } });
  const stranger = { ...joinOf({ userId: sale.userId, quantity: 2 }), idempotencyKey: sale.bookingId };
  expect(stage.outcome(stranger)).toBe('idempotency_mismatch');
});

test('an offer can be declined or left, once or more often, by whose it is; what was booked is not left', () => {
  const stage = new Stage({ standing: [1] });
  const sale = stage.sell(0, 1);
  const [first, second, third, fourth] = [stage.join(1), stage.join(1), stage.join(1), stage.join(1)];
  const ask = (kind: 'decline' | 'leave', { id: entryId, userId }: Joined) => stage.outcome({ kind, entryId, userId });
  expect([ask('decline', first), ask('leave', second), ask('leave', second)]).toEqual([
    'invalid_state',
    'done',
    'done',
  ]);
  stage.cancel(sale);
  expect(ask('decline', { ...first, userId: newId() })).toBe('not_found');
  expect([ask('decline', first), ask('decline', first)]).toEqual(['done', 'done']);
  expect(stage.statuses(first, second, third)).toEqual(['declined', 'left', 'offered']);
  expect([ask('leave', third), ask('leave', third), ask('decline', third)]).toEqual(['done', 'done', 'done']);
  expect(stage.settle('confirm', fourth)).toBe('done');
  expect([ask('leave', fourth), ask('decline', fourth)]).toEqual(['invalid_state', 'invalid_state']);
});

test('an offer is not prolonged, and while it is being paid nobody gives it back', () => {
  const stage = new Stage({ standing: [1], price: 500 });
  const hold = stage.sell(0, 1, 'hold');
  const joined = stage.join(1);
  stage.ask({ kind: 'release', ...hold });
  const { id: bookingId } = stage.offer(joined);
  const { userId } = joined;
  expect(stage.outcome({ kind: 'extend', bookingId, userId })).toBe('invalid_state');
  const charge = { paymentId: newId(7), provider: 'sandbox' };
  expect(stage.outcome({ kind: 'confirm', bookingId, userId, charge })).toBe('done');
  expect(stage.outcome({ kind: 'decline', entryId: joined.id, userId })).toBe('invalid_state');
  expect(stage.statuses(joined)).toEqual(['offered']);
});

test('an offer counts towards what somebody holds until it is settled, and is made to whoever holds as much as they may', () => {
  const stage = new Stage({ standing: [2, 4], show: { maxPerBooking: 2 } });
  const sale = stage.sell(0, 2);
  const userId = newId();
  const hold = () =>
    stage.outcome(claimOf({ kind: 'hold', userId, sections: [{ sectionId: stage.sectionIds[1]!, quantity: 2 }] }));
  const request = joinOf({ userId, quantity: 2, sectionId: stage.sectionIds[0]! });
  stage.ask(request);
  expect(hold()).toBe('done');
  stage.cancel(sale);
  const entry = stage.world.entries.get(request.entryId)!;
  expect([entry.status, hold()]).toEqual(['offered', 'limit_exceeded']);
  stage.wait(11);
  expect(hold()).toBe('limit_exceeded');
  expect(stage.settle('release', entry)).toBe('done');
  expect(hold()).toBe('done');
});

test('when more becomes free than one batch offers, the rest is kept for those who fit, and offered by the next', () => {
  const stage = new Stage({ standing: [1, 1] });
  for (const section of [0, 1]) stage.sell(section, 1);
  const joined = Array.from({ length: MAX_SERVED_PER_BATCH + 20 }, () => stage.join(1, 0));
  const count = (status: string) => stage.statuses(...joined).filter((one) => one === status).length;
  stage.ask({ kind: 'set-capacity', sectionId: stage.sectionIds[0]!, capacity: 500 });
  expect([count('offered'), count('waiting')]).toEqual([MAX_SERVED_PER_BATCH, 20]);
  expect([...stage.world.sections.values()].map(({ isSaved }) => isSaved)).toEqual([true, false]);
  stage.ask({ kind: 'sweep' });
  expect([count('waiting'), stage.buys(0)]).toEqual([0, 'done']);
});
