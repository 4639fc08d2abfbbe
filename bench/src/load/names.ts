/** Made-up words of six letters, none the beginning of another: names that a search finds and nothing else does. Pure. */

const SYLLABLES = 'ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu'.split(' ');
const PER_WORD = 3;

/** How many there are. */
export const WORDS = SYLLABLES.length ** PER_WORD;

/** The word of a number. @throws RangeError for one that has none */
export function wordOf(number: number): string {
  if (!Number.isInteger(number) || number < 0 || number >= WORDS) throw new RangeError(`there is no word ${number}`);
  let rest = number;
  let word = '';
  for (let i = 0; i < PER_WORD; i += 1) {
    word = SYLLABLES[rest % SYLLABLES.length]! + word;
    rest = Math.floor(rest / SYLLABLES.length);
  }
  return word;
}

const MARKS = '!?.,-';
const MARKS_BEHIND = 6;

/** Words as somebody may type them who is in a hurry: some letters are capitals, and marks stand behind. They mean the same. */
export function scribble(words: string, random: () => number): string {
  const letters = [...words].map((letter) => (random() < 0.5 ? letter.toUpperCase() : letter)).join('');
  return letters + Array.from({ length: MARKS_BEHIND }, () => MARKS[Math.floor(random() * MARKS.length)]).join('');
}
