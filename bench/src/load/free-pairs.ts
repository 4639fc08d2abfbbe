/** What buyers know of a hall: which seats have gone, and which two beside each other may still be free. */
export interface FreePairs {
  /** Two neighbours, neither of them known to be gone. Null when they are hard to find: most have gone. */
  next: () => [string, string] | null;
  /** These seats have gone, as a buyer was told. */
  markGone: (seatIds: readonly string[]) => void;
  /** From 0, everything is free, to 1. */
  goneShare: () => number;
}

/** With half of the seats gone, one try in four finds a pair. */
const MAX_TRIES = 64;

/**
 * Buyers who choose at random, but never what they know to be gone. What is on its way to somebody else they cannot know.
 *
 * @param rows the seats of each row, in order
 * @param random numbers from 0 to 1, the end excluded
 */
export function createFreePairs(rows: readonly (readonly string[])[], random: () => number): FreePairs {
  const pairs = rows.flatMap((row) => row.slice(1).map((seatId, index): [string, string] => [row[index]!, seatId]));
  const seats = rows.reduce((sum, row) => sum + row.length, 0);
  const gone = new Set<string>();
  return {
    next() {
      for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
        const pair = pairs[Math.floor(random() * pairs.length)];
        if (pair && !pair.some((seatId) => gone.has(seatId))) return pair;
      }
      return null;
    },
    markGone(seatIds) {
      for (const seatId of seatIds) gone.add(seatId);
    },
    goneShare: () => gone.size / seats,
  };
}
