import { createMulberry } from '@evently/api/mulberry';
import type { SeatLayout } from '@evently/sdk';
import { expect, test } from 'vitest';
import { planRows } from './plan.ts';
import { chooseSeats, markTaken, rankSeats } from './seats.ts';

/** A hall as the server lays it out: seats side by side, rows centred. */
function layoutOf(seats: number): SeatLayout {
  const rows = planRows(seats).map((width, row) => ({
    row: String.fromCharCode(65 + row),
    seats: Array.from({ length: width }, (_, index) => ({
      seatId: `${row}-${index}`,
      number: String(index + 1),
      x: index - (width - 1) / 2,
      y: 2 * row,
    })),
  }));
  return { showId: 's', layoutVersion: 1, seatCount: seats, sections: [{ sectionId: 'c', name: 'Seats', rows }] };
}

const ranked = rankSeats(layoutOf(120));
const allFree = 'a'.repeat(120);

test('every seat is ranked once, the middle of the third row first and a far corner last', () => {
  expect(new Set(ranked.map(({ index }) => index)).size).toBe(120);
  expect(ranked[0]).toMatchObject({ row: 2 });
  expect(ranked.at(-1)).toMatchObject({ row: 7 });
});

test('a party gets free seats only, each once, side by side where there is room', () => {
  const random = createMulberry(3);
  for (let round = 0; round < 500; round += 1) {
    const states = Array.from(allFree, () => 'ahbx'[Math.floor(random() * 4)]).join('');
    const chosen = chooseSeats(ranked, states, 3, random);
    expect(new Set(chosen.map(({ seatId }) => seatId)).size).toBe(3);
    expect(chosen.every(({ index }) => states[index] === 'a')).toBe(true);
  }
  for (let round = 0; round < 100; round += 1) {
    const chosen = chooseSeats(ranked, allFree, 3, random);
    const places = chosen.map(({ place }) => place).sort((a, b) => a - b);
    expect(new Set(chosen.map(({ row }) => row)).size).toBe(1);
    expect((places[2] ?? 0) - (places[0] ?? 0)).toBe(2);
  }
});

test('when fewer are free than the party wants it gets these, and none when none are', () => {
  const random = createMulberry(5);
  const twoFree = `a${'b'.repeat(118)}a`;
  expect(
    chooseSeats(ranked, twoFree, 3, random)
      .map(({ index }) => index)
      .sort((a, b) => a - b),
  ).toEqual([0, 119]);
  expect(chooseSeats(ranked, 'b'.repeat(120), 3, random)).toEqual([]);
  expect(chooseSeats(ranked, '', 3, random)).toEqual([]);
});

test('everybody wants the best seats: half of the buyers try for the best eighth of the house', () => {
  const random = createMulberry(9);
  const best = new Set(ranked.slice(0, 15).map(({ seatId }) => seatId));
  const first = Array.from({ length: 1000 }, () => chooseSeats(ranked, allFree, 1, random)[0]?.seatId ?? '');
  expect(Math.abs(first.filter((seatId) => best.has(seatId)).length - 500)).toBeLessThan(80);
});

test('seats that were refused are not tried again from memory', () => {
  const [first, second] = ranked;
  const known = markTaken(ranked, allFree, [first?.seatId ?? '', second?.seatId ?? '']);
  expect([...known].filter((letter) => letter === 'b')).toHaveLength(2);
  expect([known[first?.index ?? -1], known[second?.index ?? -1]]).toEqual(['b', 'b']);
});
