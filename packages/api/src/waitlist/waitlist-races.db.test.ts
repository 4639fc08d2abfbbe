import { afterAll, expect, test } from 'vitest';
import { sweepHolds } from '../bookings/sweep-holds.ts';
import { codeOf, newKey, seated, standing, tally } from '../testing.ts';
import { createLineOffice } from './testing-line.ts';

const line = await createLineOffice();
const { admin, offices, as, sellOut, join, statusOf, violations, runOut } = line;
afterAll(() => line[Symbol.asyncDispose]());

test('joining and the cancellation that frees a place: whoever joined is served, and whoever was refused can buy', async () => {
  for (let round = 0; round < 8; round += 1) {
    const show = await sellOut([standing(1)]);
    const joined = join(0, show, 1, round % 2).catch(codeOf);
    const [entry] = await Promise.all([joined, show.cancel(0)]);
    const { available } = (await admin.events.show({ showId: show.showId })).sections[0]!;
    const status = typeof entry === 'string' ? entry : await statusOf(0, entry.id);
    expect([status, available]).toEqual(status === 'offered' ? ['offered', 0] : ['invalid_state', 1]);
    expect(await violations(show)).toEqual([]);
  }
});

test('ten who wait and five places that become free at once: the first five are offered them', async () => {
  const show = await sellOut([standing(3), seated(1, 2)]);
  const entries = [];
  for (let n = 0; n < 10; n += 1) entries.push(await join(n, show, 1, n % 2));
  await Promise.all([0, 1, 2, 3, 4].map((n) => show.cancel(n)));
  const statuses = await Promise.all(entries.map(({ id }, n) => statusOf(n, id)));
  expect(statuses).toEqual([...Array(5).fill('offered'), ...Array(5).fill('waiting')]);
  expect(await violations(show)).toEqual([]);
});

test('accepting and declining, each by several requests at once: one of them wins, and the place follows', async () => {
  for (let round = 0; round < 5; round += 1) {
    const show = await sellOut([standing(1)]);
    const [a, b] = [await join(0, show), await join(1, show)];
    await show.cancel(0);
    const entryId = a.id;
    const results = await Promise.allSettled<unknown>([
      ...[0, 1].map((of) => as(0, of).waitlist.accept({ entryId })),
      ...[0, 1].map((of) => as(0, of).waitlist.decline({ entryId })),
    ]);
    expect(tally(results)).toEqual({ done: 2, invalid_state: 2 });
    const status = await statusOf(0, entryId);
    expect([status, await statusOf(1, b.id)]).toEqual(
      status === 'converted' ? ['converted', 'waiting'] : ['declined', 'offered'],
    );
    expect(await violations(show)).toEqual([]);
  }
});

test('accepting after the deadline while others sweep and buy: it lapsed, and the next one is offered the place', async () => {
  const show = await sellOut([standing(1)]);
  const { showId } = show;
  const [a, b] = [await join(0, show), await join(1, show)];
  await show.cancel(0);
  await runOut((await as(0).waitlist.get({ entryId: a.id })).offer!.bookingId);
  const sections = [{ sectionId: show.sectionIds[0]!, quantity: 1 }];
  const results = await Promise.allSettled<unknown>([
    sweepHolds(offices[1]!),
    as(0, 0).waitlist.accept({ entryId: a.id }),
    as(0, 1).waitlist.accept({ entryId: a.id }),
    ...[2, 3, 4, 5].map((n) => as(n, n % 2).bookings.book({ showId, sections, idempotencyKey: newKey() })),
  ]);
  expect(tally(results)).toEqual({ done: 1, hold_expired: 2, sold_out: 4 });
  expect([await statusOf(0, a.id), await statusOf(1, b.id)]).toEqual(['lapsed', 'offered']);
});
