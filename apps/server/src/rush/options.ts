import type { RushOptions } from './plan.ts';

interface Bounds {
  least: number;
  most: number;
  /** Unless said otherwise. */
  usual: number;
}

const BOUNDS: Record<keyof RushOptions, Bounds> = {
  buyers: { least: 1, most: 2000, usual: 300 },
  seats: { least: 0, most: 1000, usual: 120 },
  places: { least: 0, most: 10_000, usual: 80 },
  seconds: { least: 2, most: 300, usual: 30 },
  price: { least: 0, most: 1_000_000, usual: 2500 },
  seed: { least: 0, most: 2 ** 31 - 1, usual: 1 },
};

/** What each option is for, with its bounds, for the list of commands. */
export const rushHelp = {
  buyers: helpOf('buyers', 'how many race'),
  seats: helpOf('seats', 'numbered seats of the hall'),
  places: helpOf('places', 'places to stand'),
  seconds: helpOf('seconds', 'how long the doors stay open'),
  price: helpOf('price', 'what a ticket costs, in cents'),
  seed: `the same seed, the same buyers; ${BOUNDS.seed.usual} unless given`,
};

function helpOf(name: keyof RushOptions, what: string): string {
  const { least, most, usual } = BOUNDS[name];
  return `${what}, ${least} to ${most}; ${usual} unless given`;
}

/** Reads the options as they were typed. @returns the options, or a line for each that does not fit */
export function readRushOptions(typed: Record<string, string | boolean | undefined>): RushOptions | string[] {
  const problems: string[] = [];
  const read = (name: keyof RushOptions): number => {
    const { least, most, usual } = BOUNDS[name];
    const text = typed[name];
    if (text === undefined) return usual;
    const value = typeof text === 'string' && /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) {
      problems.push(`--${name} must be a whole number from ${least} to ${most}; it is ${text}.`);
    }
    return value;
  };
  const options: RushOptions = {
    buyers: read('buyers'),
    seats: read('seats'),
    places: read('places'),
    seconds: read('seconds'),
    price: read('price'),
    seed: read('seed'),
  };
  if (options.seats + options.places === 0) problems.push('A show without seats and without places cannot be sold.');
  return problems.length > 0 ? problems : options;
}
