/** Chance that is the same for the same seed, so that whatever it led to can be seen again. */
export interface Random {
  /** An integer from 0 to `n`, the end excluded. */
  below: (n: number) => number;
  /** True this often, from 0 to 1. */
  chance: (probability: number) => boolean;
  /** @throws Error when there is nothing to choose from */
  pick: <T>(list: readonly T[]) => T;
}

/** By mulberry32, which is good enough to shuffle what happens. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const below = (n: number) => Math.floor(next() * n);
  return {
    below,
    chance: (probability) => next() < probability,
    pick(list) {
      const chosen = list[below(list.length)];
      if (chosen === undefined) throw new Error('there is nothing to choose from');
      return chosen;
    },
  };
}
