import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pc from 'picocolors';
import { describeSecond, drawPicture, type Picture } from './picture.ts';
import { createStyle, type Style } from './style.ts';

/** Where a rush is shown while it goes on. */
export interface Display {
  show: (picture: Picture) => void;
  /** Leaves the terminal as it was. */
  end: () => void;
}

type Out = NodeJS.WriteStream;

/** A screen of its own, as editors have one: whatever its size becomes, what was there before comes back. */
const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
// Terminals that know it show what is between these two at once; the others ignore them.
const BEGIN_FRAME = '\x1b[?2026h\x1b[H';
const END_FRAME = '\x1b[J\x1b[?2026l';
const END_LINE = '\x1b[K';

/** Drawn in place, as often as a picture comes. */
export function createScreen(out: Out, style: Style): Display {
  let isOpen = false;
  const leave = () => {
    if (isOpen) out.write(LEAVE);
    isOpen = false;
  };
  return {
    show(picture) {
      if (!isOpen) {
        isOpen = true;
        out.write(ENTER);
        process.once('exit', leave);
      }
      // A slow line gets fewer pictures, not late ones.
      if (out.writableNeedDrain) return;
      const lines = drawPicture(picture, style, { columns: out.columns, rows: out.rows });
      // No line break after the last line: on the lowest one it would scroll.
      out.write(`${BEGIN_FRAME}${lines.map((line) => line + END_LINE).join('\r\n')}${END_FRAME}`);
    },
    end() {
      process.off('exit', leave);
      leave();
    },
  };
}

/** A line a second, for pipes and logs. */
export function createLines(print: (text: string) => void, style: Style): Display {
  let next = 1;
  return {
    show(picture) {
      const second = Math.floor(picture.elapsedMs / 1000);
      if (second < next) return;
      next = second + 1;
      print(describeSecond(picture, style));
    },
    end: () => undefined,
  };
}

/** The style that fits an output: plain where colours are unwanted or where the locale is not in UTF-8. */
export async function styleOf(out: Out): Promise<Style> {
  const colours = pc.isColorSupported;
  const unicode = (colours || !out.isTTY) && (await isLocaleUtf8());
  return createStyle({ colours, unicode });
}

const LOCALE_TIMEOUT_MS = 1000;

/** Asks the C library, by way of `locale`. Where there is no such program, as on Windows, terminals show Unicode. */
async function isLocaleUtf8(): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)('locale', ['charmap'], { timeout: LOCALE_TIMEOUT_MS });
    return /utf-?8/i.test(stdout);
  } catch {
    return true;
  }
}
