/** So many may always be done in one turn of the event loop: they take less than half a millisecond. */
const LEAST = 8;
/** And so many for each millisecond since the turn before. */
const PER_MS = 8;
const MOST = 128;

/**
 * How much may be done before the event loop looks at the network again: little, so that an answer of the database, for
 * which many wait, does not lie there for long. When others make the turns long, as ten thousand refusals do, as much more
 * is done in each, or they would leave nothing of the time to those who are served.
 *
 * @returns what to ask at the beginning of each turn
 */
export function createAllowance(clock: () => number = () => performance.now()): () => number {
  let last = clock();
  return () => {
    const now = clock();
    const allowed = Math.floor((now - last) * PER_MS);
    last = now;
    return Math.min(MOST, Math.max(LEAST, allowed));
  };
}
