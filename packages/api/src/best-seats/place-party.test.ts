import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listPlacements, type Placement, placeParty } from './place-party.ts';
import { drawHall, drawings, type Hall, judge } from './testing-halls.ts';

function seats(drawing: string[], quantity: number): string[] | undefined {
  const { rows, isFree } = drawHall(drawing);
  return placeParty(rows, isFree, quantity)?.seatIds;
}

test('a party sits together, in the foremost row that has room', () => {
  expect(seats(['.#.#', '....'], 2)).toEqual(['1:0', '1:1']);
});

test('nobody is left with a single seat between strangers where that can be avoided', () => {
  expect(seats(['...', '..'], 2)).toEqual(['1:0', '1:1']);
  expect(seats(['...'], 2)).toEqual(['0:0', '0:1']);
});

test('nobody sits across an aisle from the rest of the party', () => {
  expect(seats(['..|..', '....'], 3)).toEqual(['1:0', '1:1', '1:2']);
});

test('in a free row the party sits in the middle', () => {
  expect(seats(['.......'], 3)).toEqual(['0:2', '0:3', '0:4']);
  expect(seats(['#.........'], 2)).toEqual(['0:4', '0:5']);
});

test('a party that fits nowhere is torn as little as possible', () => {
  expect(seats(['.#..', '..#.'], 4)).toEqual(['0:2', '0:3', '1:0', '1:1']);
});

test('a torn party takes two equal stretches rather than leave a seat of a longer one', () => {
  expect(seats(['....', '...', '...'], 6)).toEqual(['1:0', '1:1', '1:2', '2:0', '2:1', '2:2']);
});

test('a party larger than what is free is not placed', () => {
  expect(seats(['.#.'], 3)).toBeUndefined();
});

/** What makes a way to seat a party worse than another, gravest first; the lesser numbers are the better. */
function costOf(hall: Hall, seatIds: readonly string[]): number[] {
  const { pieces, orphans, row, distance } = judge(hall, seatIds);
  return pieces === 1 ? [pieces, orphans, row, distance] : [pieces, orphans];
}

const compare = (a: readonly number[], b: readonly number[]) =>
  a.map((value, index) => value - b[index]!).find((difference) => difference !== 0) ?? 0;

const freeSeats = ({ rows, isFree }: Hall) => rows.flat().flatMap(({ seatId }) => (isFree(seatId, 0) ? [seatId] : []));

/** The least cost over every way there is to choose so many free seats. */
function leastCost(hall: Hall, quantity: number): number[] | null {
  const free = freeSeats(hall);
  let least: number[] | null = null;
  for (let mask = 0; mask < 2 ** free.length; mask += 1) {
    const chosen = free.filter((_, index) => (mask >> index) & 1);
    if (chosen.length !== quantity) continue;
    const cost = costOf(hall, chosen);
    if (!least || compare(cost, least) < 0) least = cost;
  }
  return least;
}

/** So that every way can be tried. */
const smallHall = drawings(7, 4)
  .map((drawing) => drawHall(drawing))
  .filter((hall) => freeSeats(hall).length <= 11);

describe('of every way to seat a party in a section, the one that is found', () => {
  test('tears it into the fewest pieces, leaves the fewest single seats, then is foremost, then most central', () => {
    fc.assert(
      fc.property(smallHall, fc.integer({ min: 1, max: 8 }), (hall, quantity) => {
        const placed = placeParty(hall.rows, hall.isFree, quantity);
        const least = leastCost(hall, quantity);
        expect(placed === null ? null : costOf(hall, placed.seatIds)).toEqual(least);
        if (placed && least) expect([placed.pieces, placed.orphans]).toEqual(least.slice(0, 2));
      }),
      { numRuns: 300 },
    );
  });

  test('names as many seats as asked for, free ones, none twice, in layout order, and the same each time', () => {
    const isSound = ({ rows, isFree }: Hall, quantity: number, { seatIds }: Placement) => {
      const order = rows.flat().flatMap(({ seatId }) => (seatIds.includes(seatId) ? [seatId] : []));
      expect(order).toEqual(seatIds);
      expect(seatIds).toHaveLength(quantity);
      expect(seatIds.filter((seatId) => !isFree(seatId, 0))).toEqual([]);
    };
    fc.assert(
      fc.property(
        drawings(20, 8),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
        (drawing, quantity, most) => {
          const drawn = drawHall(drawing);
          const placements = listPlacements(drawn.rows, drawn.isFree, quantity, most);
          for (const placement of placements) isSound(drawn, quantity, placement);
          expect(placements.length).toBeLessThanOrEqual(most);
          expect(new Set(placements.flatMap(({ seatIds }) => seatIds)).size).toBe(placements.length * quantity);
          expect(placements[0] ?? null).toEqual(placeParty(drawn.rows, drawn.isFree, quantity));
          expect(listPlacements(drawn.rows, drawn.isFree, quantity, most)).toEqual(placements);
        },
      ),
      { numRuns: 300 },
    );
  });
});
