import type { OpenLoopReport } from './open-loop.ts';
import { PROMPT_MS } from './open-loop.ts';

/** Of all who come. */
const SOLD_SHARE = 0.99;

/** Whether a load is borne: nearly everybody gets what they came for, and soon. */
export const isBorne = ({ arrived, done, latency }: Pick<OpenLoopReport, 'arrived' | 'done' | 'latency'>): boolean =>
  latency !== null && done >= arrived * SOLD_SHARE && latency.p99 <= PROMPT_MS;

export interface SearchSettings {
  /** The first rate that is tried, per second. */
  from: number;
  /** No higher one is tried. */
  most: number;
  /** How many times the gap between what is borne and what is not is halved. */
  halvings: number;
}

const LEAST = 1;

/**
 * The highest rate that is borne: it is doubled until it is not, or halved until it is, and then the gap is narrowed. A
 * machine does other things at times, so what is not borne gets a second chance.
 *
 * @param isBorneAt tries a rate, per second
 * @throws Error when not even the smallest is
 */
export async function findSustainable(
  isBorneAt: (perSecond: number) => Promise<boolean>,
  { from, most, halvings }: SearchSettings,
): Promise<number> {
  const tryAt = async (rate: number) => (await isBorneAt(rate)) || (await isBorneAt(rate));
  let good = 0;
  let bad = Number.POSITIVE_INFINITY;
  for (let rate = from; rate <= most && rate >= LEAST && (good === 0 || bad === Number.POSITIVE_INFINITY); ) {
    if (await tryAt(rate)) good = rate;
    else bad = rate;
    rate = bad === Number.POSITIVE_INFINITY ? rate * 2 : rate / 2;
  }
  if (good === 0) throw new Error('not even the smallest load was borne');
  for (let i = 0; i < halvings && bad !== Number.POSITIVE_INFINITY; i += 1) {
    const middle = (good + bad) / 2;
    if (await tryAt(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** A window in which at least so many of those who came were served promptly is a good one. */
const GOOD_SHARE = 0.95;
/** So many of them in a row are no accident. */
const IN_A_ROW = 3;

/**
 * How long it takes until all is well again: from the beginning to the first of three good windows in a row.
 *
 * @returns in windows; null when it never was
 */
export function windowsToRecover(windows: OpenLoopReport['windows']): number | null {
  const good = windows.map(({ arrived, prompt }) => prompt >= arrived * GOOD_SHARE);
  const first = good.findIndex((_, i) => i + IN_A_ROW <= good.length && good.slice(i, i + IN_A_ROW).every(Boolean));
  return first < 0 ? null : first;
}
