import { setImmediate as nextTurn } from 'node:timers/promises';
import { createAllowance } from '@evently/api/allowance';
import { expect, it } from 'vitest';
import { createTurns } from './turns.ts';

/** Sixty calls that come at once. @returns how many had begun after each of so many turns */
async function watchTurns(turns: number, clock: () => number): Promise<number[]> {
  const takeTurn = createTurns(() => createAllowance(clock));
  let begun = 0;
  for (let i = 0; i < 60; i += 1) {
    const turn = takeTurn();
    if (turn) void turn.then(() => (begun += 1));
    else begun += 1;
  }
  const seen = [begun];
  for (let i = 1; i < turns; i += 1) {
    await nextTurn();
    seen.push(begun);
  }
  return seen;
}

it('begins eight calls in a turn, so that the network is looked at between them', async () => {
  expect(await watchTurns(8, () => 0)).toEqual([8, 16, 24, 32, 40, 48, 56, 60]);
});

it('begins more in each turn when turns are long, so that refusals do not starve who is served', async () => {
  let ms = 0;
  expect(await watchTurns(3, () => (ms += 4))).toEqual([32, 60, 60]);
});

it('counts only turns that follow each other: after a pause, eight begin at once', async () => {
  let ms = 0;
  const takeTurn = createTurns(() => createAllowance(() => ms));
  takeTurn();
  for (let i = 0; i < 3; i += 1) await nextTurn();
  ms += 60_000;
  const waits = Array.from({ length: 20 }, () => takeTurn());
  expect(waits.filter((wait) => wait === null)).toHaveLength(8);
  await Promise.all(waits);
});
