import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { describeSecond, drawOutcome, drawPicture } from './picture.ts';
import { createStyle, widthOf } from './style.ts';
import { picture } from './testing-pictures.ts';

const fancy = createStyle({ colours: false, unicode: true });
const plain = createStyle({ colours: false, unicode: false });
const coloured = createStyle({ colours: true, unicode: true });

test('a usual terminal shows the time, the hall, the floor and the figures', () => {
  expect(drawPicture(picture, fancy, { columns: 80, rows: 24 })).toEqual([
    '  Rush 20:15:00  http://127.0.0.1:3000                             3 s of 10 s  ',
    '  ━━━━━━━━━━━━━━━━━━━━━━━━━━──────────────────────────────────────────────────',
    '',
    '                                  ── stage ──',
    '  A                                 ● ● ● ●',
    '  B                               ○ ● ◔ ◔ ● ○',
    '  C                             ○ ○ ○ ○ ◔ ◔ × ○',
    '',
    '                        ○ free 7    ◔ held 4    ● sold 6',
    '  Floor     ██████████████████▒▒▒▒▒▒▒░░░░░░░░░░░  10 sold · 4 held · 6 free',
    '',
    '  Sold      16 of 38 tickets, in 11 bookings',
    '  Tickets   █▁▇▃  now 6/s, peak 8/s',
    '  Refused   15    seat_taken 12 · sold_out 3',
    '  Latency   p50 4.1 ms · p99 23 ms · max 31 ms',
    '  Buyers    40 to come · 21 looking · 5 deciding · 11 served · 3 gone without',
  ]);
});

test('a terminal that knows only ASCII gets nothing else', () => {
  const lines = drawPicture(picture, plain, { columns: 80, rows: 24 });
  expect(lines.slice(3, 10)).toEqual([
    '                                  -- stage --',
    '  A                                 # # # #',
    '  B                               . # o o # .',
    '  C                             . . . . o o x .',
    '',
    '                        . free 7    o held 4    # sold 6',
    '  Floor     ##################ooooooo...........  10 sold, 4 held, 6 free',
  ]);
  expect(lines.join('\n')).toMatch(/^[\n\x20-\x7e]*$/);
});

test('colours change nothing but the colours', () => {
  const size = { columns: 80, rows: 24 };
  const lines = drawPicture(picture, coloured, size);
  expect(lines.map((line) => stripVTControlCharacters(line))).toEqual(drawPicture(picture, fancy, size));
  expect(lines[4]).toContain('\x1b[32m●\x1b[39m');
  expect(lines[5]).toContain('\x1b[33m◔\x1b[39m');
});

test('a hall wider than the terminal is drawn closer, then with marks for several seats that show what is still free', () => {
  const drawRow = (marks: string, columns: number) => {
    const lines = drawPicture({ ...picture, rows: [{ row: 'A', marks }] }, fancy, { columns, rows: 40 });
    return { row: lines[4]?.trim().replace(/^A +/, ''), text: lines.join('\n') };
  };
  const marks = `${'b'.repeat(44)}hhhhaa`;
  expect(drawRow(marks, 120).row).toBe(`${'● '.repeat(44)}◔ ◔ ◔ ◔ ○ ○`);
  expect(drawRow(marks, 110).row).toBe(`${'●'.repeat(44)}◔◔◔◔○○`);
  expect(drawRow(marks, 40).row).toBe(`${'●'.repeat(22)}◔◔○`);
  expect(drawRow(marks + marks, 72).text).toContain('a mark for up to 2 seats');
  expect(drawRow(`${'bh'.repeat(20)}${'ab'.repeat(5)}`, 40).row).toBe(`${'◔'.repeat(20)}${'○'.repeat(5)}`);
});

test('a low terminal does without beauty, then without the hall, and a tiny one without the time', () => {
  const heightOf = (rows: number) => drawPicture(picture, fancy, { columns: 80, rows });
  expect(heightOf(15).join('\n')).not.toContain('stage');
  expect(heightOf(15).join('\n')).toContain('○ ● ◔ ◔ ● ○');
  expect(heightOf(11).join('\n')).not.toContain('● ◔ ◔ ●');
  expect(heightOf(11)[3]).toBe(
    `  Seats     ${'█'.repeat(12)}${'▒'.repeat(8)}${'░'.repeat(16)}  6 sold · 4 held · 8 free`,
  );
  expect(heightOf(7)[0]).toContain('Seats');
});

test('whatever the size, the picture fits', () => {
  for (let columns = 1; columns <= 130; columns += 1) {
    for (const rows of [1, 2, 5, 10, 14, 16, 24, 40]) {
      const lines = drawPicture(picture, coloured, { columns, rows });
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
    }
  }
});

test('before anything has happened, and where there is no hall or no floor, there is still a picture', () => {
  const quiet = { ...picture, soldPerSecond: [], refusals: [], latency: null, elapsedMs: 0, rows: [], standing: null };
  const text = drawPicture(quiet, fancy, { columns: 80, rows: 24 }).join('\n');
  expect(text).toContain('nobody has bought anything yet');
  expect(text).not.toMatch(/stage|Floor|Seats|NaN|undefined|Infinity/);
});

test('errors are shown as soon as there are any', () => {
  const size = { columns: 80, rows: 24 };
  expect(drawPicture(picture, fancy, size).join('\n')).not.toContain('Errors');
  expect(drawPicture({ ...picture, errors: 3 }, fancy, size).at(-1)).toBe('  Errors    3');
});

test('what is left of the hall afterwards is the hall, without the figures', () => {
  const lines = drawOutcome(picture, fancy, 80);
  expect(lines).toEqual(drawPicture(picture, fancy, { columns: 80, rows: 24 }).slice(3, 10));
});

test('where nothing can be drawn, a second is a line', () => {
  expect(describeSecond(picture, fancy)).toBe('    3 s  sold 16 of 38 · held 8 · refused 15 · p50 4.1 ms · p99 23 ms');
  expect(describeSecond({ ...picture, latency: null, errors: 2 }, plain)).toBe(
    '    3 s  sold 16 of 38, held 8, refused 15, errors 2',
  );
});
