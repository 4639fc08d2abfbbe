/** Text as it is compared in searches: no accents, lower case, everything but letters and digits a space. Pure. */
export function foldText(value: string): string {
  return value
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** As in a URL: `dvorak-in-the-park`. */
export function slugOf(name: string): string {
  return foldText(name).replaceAll(' ', '-').slice(0, 80) || 'event';
}

/** Beyond this many words a query finds nothing more, only more slowly. */
const MAX_WORDS = 12;

/**
 * The ways to take a search, as tsqueries in which every word must appear, to be tried in turn until one finds something:
 * whole words, but for the last, whose end may still be being typed; then all words with their ends left open. None when the
 * text holds no word: it then restricts nothing.
 *
 * Of a whole word the index leaps through the events that have it; of a begun one it reads them all.
 */
export function searchQueriesOf(q: string): string[] {
  const words = foldText(q).split(' ').filter(Boolean).slice(0, MAX_WORDS);
  if (words.length === 0) return [];
  const open = words.map((word) => `${word}:*`);
  const whole = [...words.slice(0, -1), ...open.slice(-1)];
  return [...new Set([whole.join(' & '), open.join(' & ')])];
}
