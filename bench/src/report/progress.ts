/** Tells whoever watches what is going on. */
export interface Progress {
  /** What is happening at this moment: drawn in place in a terminal, unsaid elsewhere. */
  show: (text: string) => void;
  /** What has happened: a line that stays. */
  line: (text: string) => void;
}

/** As much of a terminal, or of what stands in for one, as is used. */
export interface Screen {
  isTTY?: boolean;
  columns?: number;
  write: (text: string) => unknown;
}

const FALLBACK_COLUMNS = 80;

export function createProgress(out: Screen): Progress {
  const clear = out.isTTY ? '\r\x1b[K' : '';
  return {
    show(text) {
      // A line that wraps could not be drawn over; some terminals say that they have no columns at all.
      if (out.isTTY) out.write(clear + `  … ${text}`.slice(0, (out.columns || FALLBACK_COLUMNS) - 1));
    },
    line(text) {
      out.write(`${clear}${text === '' ? '' : `  ${text}`}\n`);
    },
  };
}
