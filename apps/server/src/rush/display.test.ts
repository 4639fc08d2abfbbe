import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createLines, createScreen } from './display.ts';
import { createStyle } from './style.ts';
import { picture } from './testing-pictures.ts';

const style = createStyle({ colours: false, unicode: true });

/** A terminal of 80 × 24 that keeps what is written to it. */
function createTerminal() {
  let written = '';
  const stream = new PassThrough();
  stream.on('data', (chunk) => {
    written += chunk;
  });
  const out = Object.assign(stream, { columns: 80, rows: 24, isTTY: true });
  return { out: out as typeof out & NodeJS.WriteStream, written: () => written };
}

test('a screen of its own is entered once, redrawn from its corner, and left with the cursor shown', () => {
  const { out, written } = createTerminal();
  const listeners = process.listenerCount('exit');
  const screen = createScreen(out, style);
  screen.show(picture);
  expect(process.listenerCount('exit')).toBe(listeners + 1);
  screen.show(picture);
  screen.end();
  screen.end();
  const count = (part: string) => written().split(part).length - 1;
  expect([count('\x1b[?1049h'), count('\x1b[?25l'), count('\x1b[H')]).toEqual([1, 1, 2]);
  expect([count('\x1b[?25h'), count('\x1b[?1049l')]).toEqual([1, 1]);
  expect(written().endsWith('\x1b[?25h\x1b[?1049l')).toBe(true);
  expect(process.listenerCount('exit')).toBe(listeners);
});

test('no frame scrolls the screen', () => {
  const { out, written } = createTerminal();
  const screen = createScreen(out, style);
  out.rows = 16;
  screen.show(picture);
  screen.end();
  expect(written().split('\n')).toHaveLength(16);
  expect(written()).not.toContain('\n\x1b[J');
});

test('a screen that was never shown leaves no trace', () => {
  const { out, written } = createTerminal();
  createScreen(out, style).end();
  expect(written()).toBe('');
});

test('in a pipe there is one line a second', () => {
  const lines: string[] = [];
  const display = createLines((text) => void lines.push(text), style);
  for (let ms = 0; ms <= 3000; ms += 200) display.show({ ...picture, elapsedMs: ms });
  display.end();
  expect(lines.map((line) => line.slice(0, 9))).toEqual(['    1 s  ', '    2 s  ', '    3 s  ']);
});
