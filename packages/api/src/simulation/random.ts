import { createMulberry } from '../mulberry.ts';

/** Chance that is the same for the same seed, so that whatever it led to can be seen again. */
export interface Random {
  /** An integer from 0 to `n`, the end excluded. */
  below: (n: number) => number;
  /** True this often, from 0 to 1. */
  chance: (probability: number) => boolean;
  /** @throws Error when there is nothing to choose from */
  pick: <T>(list: readonly T[]) => T;
}

export function createRandom(seed: number): Random {
  const next = createMulberry(seed);
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
