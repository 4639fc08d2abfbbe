/** What is counted of a show: pure. */

/** @import { Availability, Layout, SectionCount, Show, State } from './types.d.ts' */

/** How many seconds the rate looks back. */
export const SECONDS = 60;

/**
 * Counts each section of a show.
 *
 * @param {Show} show
 * @param {Layout} layout
 * @param {string} states one character per seat, in layout order
 * @param {readonly Availability[]} availability
 * @returns {SectionCount[]}
 */
export function countSections(show, layout, states, availability) {
  const left = new Map(availability.map(({ sectionId, available }) => [sectionId, available]));
  const seats = countSeats(layout, states);
  return show.sections.map(({ sectionId, name, kind, capacity, available: known }) => {
    const available = left.get(sectionId) ?? known;
    const counted = kind === 'seated' ? seats.get(sectionId) : undefined;
    const held = counted ? counted.h : null;
    const sold = counted ? counted.b : null;
    return {
      name,
      kind,
      capacity,
      available,
      held,
      sold,
      taken: counted ? counted.h + counted.b : capacity - available,
    };
  });
}

/**
 * @param {Layout} layout
 * @param {string} states
 * @returns {Map<string, Record<State, number>>}
 */
function countSeats(layout, states) {
  let index = 0;
  return new Map(
    layout.sections.map(({ sectionId, rows }) => {
      const count = { a: 0, h: 0, b: 0, x: 0 };
      for (const { seats } of rows) {
        for (let end = index + seats.length; index < end; index += 1) count[/** @type {State} */ (states[index])] += 1;
      }
      return [sectionId, count];
    }),
  );
}

/**
 * How many places were sold from one count to the next: seats that are sold now, and standing places that are taken, which
 * is all that the public is told of them. What is given back sells nothing.
 *
 * @param {readonly SectionCount[]} before
 * @param {readonly SectionCount[]} after
 */
export function soldBetween(before, after) {
  return after.reduce((sum, section, i) => {
    const { sold, taken } = before[i] ?? section;
    return sum + Math.max(0, section.sold === null ? section.taken - taken : section.sold - (sold ?? 0));
  }, 0);
}

/** Sales by second, of the last minute. Times are in milliseconds. */
export function createRate() {
  /** @type {Map<number, number>} */
  const sold = new Map();
  const secondOf = (/** @type {number} */ now) => Math.floor(now / 1000);
  return {
    /** @param {number} places @param {number} now */
    add(places, now) {
      const second = secondOf(now);
      sold.set(second, (sold.get(second) ?? 0) + places);
      for (const old of sold.keys()) if (old <= second - SECONDS) sold.delete(old);
    },
    /** Oldest first; the last one is the second that is complete. @param {number} now */
    bySecond(now) {
      const last = secondOf(now) - 1;
      return Array.from({ length: SECONDS }, (_, i) => sold.get(last - SECONDS + 1 + i) ?? 0);
    },
  };
}

/**
 * Puts what changed into the states of a snapshot.
 *
 * @param {string} states
 * @param {readonly { index: number, state: State }[]} changes
 */
export function applyChanges(states, changes) {
  if (changes.length === 0) return states;
  const letters = states.split('');
  for (const { index, state } of changes) letters[index] = state;
  return letters.join('');
}

/**
 * Where two states of a hall differ: what a snapshot after a pause brings.
 *
 * @param {string} before
 * @param {string} after
 * @returns {{ index: number, state: State }[]}
 */
export function changesBetween(before, after) {
  const changes = [];
  for (let index = 0; index < after.length; index += 1) {
    if (before[index] !== after[index]) changes.push({ index, state: /** @type {State} */ (after[index]) });
  }
  return changes;
}
