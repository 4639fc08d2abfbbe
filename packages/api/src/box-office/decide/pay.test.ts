import { newId } from '@evently/db/ids';
import { expect, test } from 'vitest';
import type { Answer } from '../inventory.ts';
import type { BoxOfficeRequest } from '../requests.ts';
import { applyChanges, claimOf, createWorld, inventoryOf, NOW, violationsOf } from '../testing-world.ts';
import { decide } from './decide.ts';

const users = [newId()];
const later = (ms: number) => new Date(NOW.getTime() + ms);
const outcomeOf = (answer: Answer) => ('problem' in answer ? answer.problem.code : 'done');

test('a charge that fails after the deadline frees the limit of its user for the next request of the batch', () => {
  const world = createWorld({ standing: [20], price: 500 });
  const userId = users[0]!;
  const sections = [{ sectionId: [...world.sections.keys()][0]!, quantity: 10 }];
  const hold = claimOf({ kind: 'hold', userId, sections });
  const { bookingId } = hold;
  const charge = { paymentId: newId(7), provider: 'sandbox' };
  const paying = decide(inventoryOf(world), [hold, { kind: 'confirm', bookingId, userId, charge }], NOW);
  const held = applyChanges(world, paying.changes);
  const now = later(3_600_000);
  const made = { ticketIds: Array.from({ length: 10 }, () => newId(7)), refundId: newId(7) };
  const { paymentId } = charge;
  const requests: BoxOfficeRequest[] = [
    { kind: 'finish-payment', bookingId, paymentId, outcome: 'failed', ...made },
    claimOf({ kind: 'hold', userId, sections }),
  ];
  expect(decide(inventoryOf(held, now), requests, now).answers.map(outcomeOf)).toEqual(['done', 'done']);
});

test('whoever tries a declined card again and again does not keep the places for ever', () => {
  let world = createWorld({ standing: [1], price: 500 });
  const userId = users[0]!;
  const hold = claimOf({
    kind: 'hold',
    userId,
    sections: [{ sectionId: [...world.sections.keys()][0]!, quantity: 1 }],
  });
  const { bookingId } = hold;
  const ask = (ms: number, request: BoxOfficeRequest) => {
    const now = later(ms);
    const { answers, changes } = decide(inventoryOf(world, now), [request], now);
    world = applyChanges(world, changes);
    return outcomeOf(answers[0]!);
  };
  ask(0, hold);
  const outcomes: string[] = [];
  // The hold lasts ten minutes, and twenty where it is prolonged.
  for (let minute = 9; minute <= 30; minute += 1) {
    const charge = { paymentId: newId(7), provider: 'sandbox' };
    outcomes.push(ask(minute * 60_000 - 1, { kind: 'confirm', bookingId, userId, charge }));
    const made = { ticketIds: [newId(7)], refundId: newId(7) };
    const { paymentId } = charge;
    if (outcomes.at(-1) === 'done')
      ask(minute * 60_000, { kind: 'finish-payment', bookingId, paymentId, outcome: 'failed', ...made });
  }
  expect(outcomes).toEqual([
    ...Array.from({ length: 12 }, () => 'done'),
    ...Array.from({ length: 10 }, () => 'hold_expired'),
  ]);
  expect(world.bookings.get(bookingId)?.status).toBe('expired');
  expect(violationsOf(world)).toEqual([]);
});
