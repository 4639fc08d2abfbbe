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
 * A tsquery in which every word must appear, the last letters of each left open, so that results appear while one types.
 * Null when the text holds no word: it then restricts nothing.
 */
export function searchQueryOf(q: string): string | null {
  const words = foldText(q).split(' ').filter(Boolean).slice(0, MAX_WORDS);
  return words.length === 0 ? null : words.map((word) => `${word}:*`).join(' & ');
}
