import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pickSeats } from './pick-seats.ts';

/** Rows as text: `.` a free seat, `#` a taken one, `|` an aisle. Seats are named by row and place. */
function pick(rows: string[], quantity: number): string[] {
  const hall = rows.map((row, y) =>
    [...row].flatMap((place, x) =>
      place === '|' ? [] : [{ seatId: `${y}:${x}`, besidePrevious: x > 0 && row[x - 1] !== '|' }],
    ),
  );
  const isFree = (seatId: string) => {
    const [y, x] = seatId.split(':').map(Number);
    return rows[y!]![x!] === '.';
  };
  return pickSeats(hall, isFree, quantity);
}

test('a party sits together, in the foremost row that has room', () => {
  expect(pick(['.#.#', '....'], 2)).toEqual(['1:0', '1:1']);
  expect(pick(['....', '....'], 3)).not.toContain('1:0');
});

test('nobody is left with a single seat between strangers where that can be avoided', () => {
  expect(pick(['...', '..'], 2)).toEqual(['1:0', '1:1']);
  expect(pick(['...'], 2)).toEqual(['0:0', '0:1']);
});

test('nobody sits across an aisle from the rest of the party', () => {
  expect(pick(['..|..', '....'], 3)).toEqual(['1:0', '1:1', '1:2']);
});

test('a party that fits nowhere is torn as little as possible', () => {
  expect(pick(['.#..', '..#.'], 4)).toEqual(['0:2', '0:3', '1:0', '1:1']);
});

test('as many free seats as asked for, never a taken one, none twice', () => {
  const hall = fc.array(fc.stringMatching(/^[.#]{1,8}$/), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(hall, fc.integer({ min: 1, max: 12 }), (rows, quantity) => {
      const seats = pick(rows, quantity);
      const free = rows.join('').replaceAll('#', '').length;
      expect(seats).toHaveLength(Math.min(quantity, free));
      expect(new Set(seats).size).toBe(seats.length);
      for (const seat of seats) expect(rows[Number(seat.split(':')[0])]![Number(seat.split(':')[1])]).toBe('.');
    }),
  );
});
