import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SeatSuggestion } from '../problem.ts';
import { createOffers } from './offers.ts';
import type { OpenSection } from './open-sections.ts';
import { drawings, drawSections, judge } from './testing-halls.ts';

/** Somebody who was refused the seat at this place of a section. */
const refused = ({ sectionId, first, rows }: OpenSection, place: number, quantity: number) => {
  const { seatId } = rows.flat()[place]!;
  return { quantity, sectionId, index: first + place, seatIds: new Set([seatId]) };
};
const seatsOf = (offers: readonly SeatSuggestion[]) => offers.flatMap(({ seatIds }) => seatIds);

test('offered are free seats of one section, as many as asked for, none that was refused, and as described', () => {
  const hall = fc.tuple(drawings(9, 4), drawings(9, 4)).filter(([rows]) => /[.#]/.test(rows.join('')));
  const numbers = fc.record({ quantity: fc.integer({ min: 1, max: 6 }), at: fc.nat(), times: fc.nat(8) });
  fc.assert(
    fc.property(hall, numbers, ([near, far], { quantity, at, times }) => {
      const sections = drawSections({ name: 'A', price: 30, rows: near }, { name: 'B', price: 20, rows: far });
      const asked = refused(sections[0]!, at % sections[0]!.rows.flat().length, quantity);
      const offers = createOffers(sections, 'EUR');
      for (let time = 0; time < times; time += 1) {
        const dealt = offers.deal(asked);
        expect(dealt.length).toBeLessThanOrEqual(3);
        const all = seatsOf(dealt);
        expect(new Set(all).size).toBe(all.length);
        expect(all.filter((seatId) => asked.seatIds.has(seatId))).toEqual([]);
        for (const { seatIds, sectionId, adjacent, orphans, total } of dealt) {
          const section = sections.find((one) => one.sectionId === sectionId)!;
          expect(seatIds).toHaveLength(quantity);
          expect(seatIds.filter((seatId) => !section.isFree(seatId, 0))).toEqual([]);
          expect(section.rows.flat().filter(({ seatId }) => seatIds.includes(seatId))).toHaveLength(quantity);
          const verdict = judge(section, seatIds);
          expect({ adjacent, orphans }).toEqual({ adjacent: verdict.pieces === 1, orphans: verdict.orphans });
          expect(total).toEqual({ amount: section.price * quantity, currency: 'EUR' });
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('whoever can be seated is offered something, side by side if that is possible anywhere', () => {
  const numbers = fc.record({ quantity: fc.integer({ min: 1, max: 6 }), times: fc.nat(8) });
  fc.assert(
    fc.property(drawings(9, 3), drawings(9, 3), numbers, (rows, others, { quantity, times }) => {
      // They asked for a seat that is taken, so that nothing which is free is kept from them.
      const near = { name: 'A', price: 30, rows: ['#', ...rows] };
      const sections = drawSections(near, { name: 'B', price: 20, rows: others });
      const offers = createOffers(sections, 'EUR');
      const stretches = [...rows, ...others].flatMap((row) => row.split(/[#|]/));
      for (let time = 0; time <= times; time += 1) {
        const dealt = offers.deal(refused(sections[0]!, 0, quantity));
        expect(dealt.length > 0).toBe(sections.some(({ available }) => available >= quantity));
        const isTogether = stretches.some(({ length }) => length >= quantity);
        expect(dealt.every(({ adjacent }) => adjacent === isTogether)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test('seats close by come first, then sections of a similar price, the best of them first', () => {
  const far = (name: string, price: number) => ({ name, price, rows: ['....'] });
  const home = { name: 'C', price: 50, rows: ['..', '..', '#.', '##', '..'] };
  const sections = drawSections(far('A', 90), far('B', 10), home, far('D', 60));
  const offers = createOffers(sections, 'EUR');
  // The second row is nearer than the last but one; D costs nearly as much as C.
  expect(offers.deal(refused(sections[2]!, 4, 2)).map(({ seatIds }) => seatIds[0])).toEqual(['C1:0', 'C4:0', 'C0:0']);
  expect(offers.deal(refused(sections[2]!, 4, 4)).map(({ sectionId }) => sectionId)).toEqual(['D', 'A', 'B']);
});

test('a thousand who are refused the same two seats are sent all over the hall, nobody twice before all of it was offered', () => {
  const sections = drawSections({
    name: 'A',
    price: 0,
    rows: Array.from({ length: 50 }, () => '#...................'),
  });
  const offers = createOffers(sections, 'EUR');
  const dealt = Array.from({ length: 150 }, () => offers.deal(refused(sections[0]!, 500, 2)));
  expect(dealt[0]!.map(({ seatIds }) => seatIds[0]!.split(':')[0])).toEqual(['A25', 'A25', 'A24']);
  const all = dealt.flat().map(({ seatIds }) => seatIds.join());
  expect([all.length, new Set(all).size]).toEqual([450, 450]);
});

test('nothing is offered beyond what a section may sell, nor in a hall that is full', () => {
  const [lowered] = drawSections({ name: 'A', price: 0, rows: ['#....'] });
  expect(createOffers([{ ...lowered!, available: 1 }], 'EUR').deal(refused(lowered!, 0, 2))).toEqual([]);
  const full = drawSections({ name: 'A', price: 0, rows: ['##'] });
  expect(createOffers(full, 'EUR').deal(refused(full[0]!, 0, 1))).toEqual([]);
});
