import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeParty } from './place-party.ts';
import { listSuggestions, type Wish } from './suggestions.ts';
import { drawings, drawSections, judge } from './testing-halls.ts';

const hall = () =>
  drawSections(
    { name: 'A', price: 90, rows: ['...#', '#...'] },
    { name: 'B', price: 40, rows: ['.......', '.......', '.......', '.......'] },
    { name: 'C', price: 20, rows: ['.#.#.#.', '......#'] },
  );
const suggest = (wish: Wish) => listSuggestions(hall(), wish, 'EUR');

test('the best of each section comes first, and five choices are enough', () => {
  expect(suggest({ quantity: 3 }).map(({ seatIds }) => seatIds[0])).toEqual(['A0:0', 'B0:2', 'C1:3', 'A1:1', 'B1:2']);
});

test('sections and a price per seat narrow the choice; the total is of all seats', () => {
  expect(new Set(suggest({ quantity: 2, sectionIds: ['A', 'C'] }).map(({ sectionId }) => sectionId))).toEqual(
    new Set(['A', 'C']),
  );
  const [first, ...others] = suggest({ quantity: 2, maxPrice: 39 });
  expect(first).toMatchObject({ sectionId: 'C', total: { amount: 40, currency: 'EUR' } });
  expect(others.every(({ sectionId }) => sectionId === 'C')).toBe(true);
  expect(suggest({ quantity: 2, maxPrice: 19 })).toEqual([]);
});

test('a torn party is suggested only where no section has it side by side', () => {
  expect(suggest({ quantity: 7 }).map(({ adjacent, sectionId }) => `${sectionId} ${adjacent}`)).toEqual(
    Array.from({ length: 4 }, () => 'B true'),
  );
  expect(suggest({ quantity: 9 }).map(({ adjacent, sectionId }) => `${sectionId} ${adjacent}`)).toEqual([
    'B false',
    'C false',
  ]);
});

test('the first is as good as any section has, each is true to its description, and no party is spread over two', () => {
  const drawn = fc.tuple(drawings(8, 4), drawings(8, 4), drawings(8, 4));
  fc.assert(
    fc.property(drawn, fc.integer({ min: 1, max: 8 }), (drawing, quantity) => {
      const sections = drawSections(
        ...drawing.map((rows, index) => ({ name: 'ABC'[index]!, price: 10 * index, rows })),
      );
      const suggestions = listSuggestions(sections, { quantity }, 'EUR');
      for (const { seatIds, sectionId, adjacent, orphans } of suggestions) {
        const section = sections.find((one) => one.sectionId === sectionId)!;
        const verdict = judge(section, seatIds);
        expect({ adjacent, orphans }).toEqual({ adjacent: verdict.pieces === 1, orphans: verdict.orphans });
        expect(seatIds.every((seatId) => seatId.startsWith(sectionId) && section.isFree(seatId, 0))).toBe(true);
      }
      const best = sections.flatMap((section) => placeParty(section.rows, section.isFree, quantity) ?? []);
      const worth = best.map(({ pieces, orphans }) => 1000 * pieces + orphans);
      const [first] = suggestions;
      expect(first === undefined).toBe(best.length === 0);
      const section = sections.find(({ sectionId }) => sectionId === first?.sectionId);
      if (!first || !section) return;
      const { pieces, orphans } = judge(section, first.seatIds);
      expect(1000 * pieces + orphans).toBe(Math.min(...worth));
    }),
    { numRuns: 300 },
  );
});
