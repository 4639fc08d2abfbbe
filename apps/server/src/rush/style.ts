/** What pictures are made of: characters and colours. Pure. */
import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';

type Paint = (text: string) => string;

export interface Style {
  bold: Paint;
  dim: Paint;
  good: Paint;
  bad: Paint;
  /** Of what is sold, of what is held, and of time gone by. */
  sold: Paint;
  held: Paint;
  gone: Paint;
  /** A character for each state of a seat. */
  seats: { a: string; h: string; b: string; x: string };
  /** A character for each part of a bar. */
  bar: { sold: string; held: string; free: string };
  /** From little to much. */
  spark: string;
  timeline: { gone: string; left: string };
  tick: string;
  cross: string;
  separator: string;
}

/** @param kind characters beyond ASCII want a terminal that shows them */
export function createStyle(kind: { colours: boolean; unicode: boolean }): Style {
  const { bold, dim, green, red, yellow, cyan } = pc.createColors(kind.colours);
  const paints = { bold, dim, good: green, bad: red, sold: green, held: yellow, gone: cyan };
  if (kind.unicode) {
    return {
      ...paints,
      seats: { a: '○', h: '◔', b: '●', x: '×' },
      bar: { sold: '█', held: '▒', free: '░' },
      spark: '▁▂▃▄▅▆▇█',
      timeline: { gone: '━', left: '─' },
      tick: '✓',
      cross: '✗',
      separator: ' · ',
    };
  }
  return {
    ...paints,
    seats: { a: '.', h: 'o', b: '#', x: 'x' },
    bar: { sold: '#', held: 'o', free: '.' },
    spark: '.:-=+*%#',
    timeline: { gone: '=', left: '-' },
    tick: 'ok',
    cross: 'NO',
    separator: ', ',
  };
}

/** How many columns a line takes. Each of our characters takes one. */
export const widthOf = (line: string): number => stripVTControlCharacters(line).length;

/** The line, or as much of it as fits, without its colours. */
export function fit(line: string, columns: number): string {
  return widthOf(line) <= columns ? line : stripVTControlCharacters(line).slice(0, Math.max(0, columns));
}

export function centre(line: string, columns: number): string {
  return ' '.repeat(Math.max(0, Math.floor((columns - widthOf(line)) / 2))) + line;
}

/** Breaks a text between words; every line but the first begins with `indent` spaces. */
export function wrap(text: string, columns: number, indent: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    const room = columns - (lines.length === 0 ? 0 : indent);
    if (line !== '' && widthOf(longer) > room) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].map((part, index) => (index === 0 ? part : ' '.repeat(indent) + part));
}
