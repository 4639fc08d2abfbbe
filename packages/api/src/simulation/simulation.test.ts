import { expect, test } from 'vitest';
import { decide } from '../box-office/decide/decide.ts';
import type { Changes, Decision, Inventory } from '../box-office/inventory.ts';
import { playHistory } from './play-history.ts';
import { playMany } from './play-many.ts';
import { describeFailure, findFailure } from './shrink.ts';

test('the same seed plays the same history, and another seed another one', async () => {
  const [one, again, other] = [await playTraced(7), await playTraced(7), await playTraced(8)];
  expect(one.length).toBeGreaterThan(10);
  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
});

const playTraced = async (seed: number) => (await playHistory(seed, { traced: true })).trace;

test('the same input gives the same output, and is left as it was', async () => {
  const rules: typeof decide = (inventory, requests, now) => {
    const facts = { ...inventory, findSeat: null, seatsOf: null };
    const before = structuredClone(facts);
    const decision = decide(inventory, requests, now);
    expect(decide(inventory, requests, now)).toEqual(decision);
    expect(facts).toEqual(before);
    return decision;
  };
  const { failure } = await playMany({ from: 1, histories: 100 }, undefined, { rules });
  expect(failure).toBeNull();
});

/** Rules that decide on something else than what there is. */
const onAnother =
  (change: (inventory: Inventory) => Partial<Inventory>): typeof decide =>
  (inventory, requests, now) =>
    decide({ ...inventory, ...change(inventory) }, requests, now);

/** Rules that write something else than what was decided. */
const writing =
  (change: (changes: Changes) => Partial<Changes>): typeof decide =>
  (inventory, requests, now): Decision => {
    const decision = decide(inventory, requests, now);
    return { ...decision, changes: { ...decision.changes, ...change(decision.changes) } };
  };

/** Rules that read another clock. */
const at =
  (change: (now: Date) => Date): typeof decide =>
  (inventory, requests, now) =>
    decide(inventory, requests, change(now));

/** Rules that are wrong in one thing each. */
const WRONG: Record<string, typeof decide> = {
  'who has a seat is not looked at': onAnother(() => ({ taken: new Set() })),
  'what is kept back is not looked at': onAnother(() => ({ blocked: new Set() })),
  'what somebody holds already is not looked at': onAnother(() => ({ heldByUser: new Map() })),
  'keys are not looked up': onAnother(({ bookings }) => ({
    bookings: new Map([...bookings].map(([id, booking]) => [id, { ...booking, idempotencyKey: `other ${id}` }])),
  })),
  'deadlines are a second late': at((now) => new Date(now.getTime() - 1000)),
  'deadlines are a second early': at((now) => new Date(now.getTime() + 1000)),
  'places that are sold are not counted': writing(({ sections }) => ({
    sections: sections.map((s) => ({ ...s, sold: 0 })),
  })),
  'places come back twice': writing(({ sections }) => ({
    sections: sections.map((s) => (s.held < 0 ? { ...s, held: s.held - 1 } : s)),
  })),
  'tickets outlive their booking': writing(({ changedTickets }) => ({
    changedTickets: changedTickets.filter(({ to }) => to !== 'void'),
  })),
  'refunds are forgotten': writing(({ newPayments }) => ({
    newPayments: newPayments.filter(({ payment }) => payment.kind !== 'refund'),
  })),
  'charges stay open': writing(() => ({ changedPayments: [] })),
  'those who wait are forgotten': onAnother(() => ({ entries: new Map() })),
  'nobody is told what is saved': writing(({ sections }) => ({
    sections: sections.map(({ isSaved: _, ...section }) => section),
  })),
  'a history misses what happened first': writing(({ history }) => ({ history: history.slice(1) })),
};

/** So many histories are over in a second; most of these mistakes show within ten. */
const PATIENCE = 2000;

test.each(Object.entries(WRONG))('it is found out when %s', async (_what, rules) => {
  const { failure } = await playMany({ from: 1, histories: PATIENCE }, undefined, { rules });
  expect(failure).not.toBeNull();
});

test('a history that goes wrong is told with as little in it as still does, and may be seen again', async () => {
  const rules = WRONG['who has a seat is not looked at']!;
  const { failure } = await playMany({ from: 1, histories: PATIENCE }, undefined, { rules });
  expect(failure!.intents - failure!.left).toBeLessThanOrEqual(4);
  expect(describeFailure(failure!)).toContain(`pnpm simulate --seed ${failure!.seed}`);
  expect((await findFailure(failure!.seed, { rules })).failure).toEqual(failure);
});
