/** Numbers from 0 up to 1, the same ones for the same seed. */
export type Random = () => number;

/** One of the choices, each as likely as its weight is of all weights. */
export function choose<T>(random: Random, choices: readonly (readonly [T, number])[]): T {
  const sum = choices.reduce((total, [, weight]) => total + weight, 0);
  let left = random() * sum;
  for (const [choice, weight] of choices) {
    left -= weight;
    if (left < 0) return choice;
  }
  // Rounding may leave a hair's breadth over.
  const last = choices.at(-1);
  if (!last) throw new RangeError('there is nothing to choose from');
  return last[0];
}
