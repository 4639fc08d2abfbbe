/** What a rush is to be: the hall, and what each buyer is like. Pure; the same options give the same plan. */
import { createMulberry } from '@evently/api/mulberry';
import { choose } from './random.ts';

export interface RushOptions {
  buyers: number;
  /** Numbered seats. */
  seats: number;
  /** Places to stand. */
  places: number;
  /** How long the doors stay open. */
  seconds: number;
  /** Of a ticket, in cents. */
  price: number;
  seed: number;
}

export interface BuyerPlan {
  /** From 1. */
  number: number;
  arrivesAfterMs: number;
  /** How many go together. */
  party: number;
  wants: 'seats' | 'floor';
  /** Whether seats are chosen on the map, or left to the server. */
  choice: 'map' | 'best';
  /** Everything in one call, or a hold first. */
  way: 'book' | 'hold';
  /** What becomes of a hold. Who dawdles wants to pay when the hold is over already. */
  ending: 'confirm' | 'release' | 'lapse' | 'dawdle';
  /** How long a hold is thought about, as a part of how long it lasts. */
  thinksFor: number;
  card: 'pm_ok' | 'pm_declined';
  /** How often this buyer looks or tries before giving up. */
  tries: number;
  /** Of the whims that depend on what the buyer meets. */
  seed: number;
}

/** This part of the buyers is at the door when it opens; the others come later, fewer and fewer. */
const EARLY_SHARE = 0.3;
/** Nobody comes in the last part of the time, so that those who wait for what others give back get their turn. */
const LAST_ARRIVAL = 0.7;

export function planBuyers(options: RushOptions): BuyerPlan[] {
  const { buyers, seats, places, seconds, price, seed } = options;
  return Array.from({ length: buyers }, (_, index) => {
    const own = Math.imul(seed, 0x9e3779b1) + index;
    const random = createMulberry(own);
    const isEarly = random() < EARLY_SHARE;
    const arrival = isEarly ? random() / 30 : LAST_ARRIVAL * random() ** 1.5;
    return {
      number: index + 1,
      arrivesAfterMs: Math.round(arrival * seconds * 1000),
      party: choose(random, [[1, 25] as const, [2, 50] as const, [3, 25] as const]),
      wants: random() * (seats + places) < places ? 'floor' : 'seats',
      choice: choose(random, [['map', 85] as const, ['best', 15] as const]),
      way: choose(random, [['hold', 60] as const, ['book', 40] as const]),
      ending: choose(random, [
        ['confirm', 80] as const,
        ['release', 8] as const,
        ['lapse', 8] as const,
        ['dawdle', 4] as const,
      ]),
      thinksFor: 0.1 + 0.6 * random(),
      card: random() < 0.06 && price > 0 ? 'pm_declined' : 'pm_ok',
      tries: 4 + Math.floor(random() * 9),
      seed: own ^ 0x5bd1e995,
    };
  });
}

const MOST_ROWS = 10;

/** How many seats each row has, from the stage to the back: a fan that fits a terminal. */
export function planRows(seats: number): number[] {
  if (seats === 0) return [];
  const rows = Math.min(MOST_ROWS, Math.max(1, Math.round(Math.sqrt(seats / 2))));
  const average = seats / rows;
  const growth = Math.min(2, average / rows);
  let exact = 0;
  let given = 0;
  return Array.from({ length: rows }, (_, index) => {
    exact += average + (index - (rows - 1) / 2) * growth;
    const width = Math.round(exact) - given;
    given += width;
    return width;
  });
}

/** How long a hold lasts in a rush of so many seconds: short enough that some lapse while it goes on. */
export function planHoldSeconds(seconds: number): number {
  return Math.min(20, Math.max(1, Math.round(seconds / 5)));
}
