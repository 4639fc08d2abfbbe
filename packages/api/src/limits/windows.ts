/** How many calls within how many milliseconds. */
export interface LimitRule {
  calls: number;
  periodMs: number;
}

/** What one caller did since the first call of the period. */
export interface Window {
  readonly who: string;
  /** Here, and as far as we heard in the other processes. */
  count: number;
  /** Counted here, and not told the others yet. */
  untold: number;
  /** Whether it is in line to be told. */
  isInLine: boolean;
  /** On the clock of this process, in milliseconds. */
  endsAt: number;
}

/** The calls of one class, counted in memory: callers wait for nobody. */
export interface Windows {
  /**
   * Counts one call of a caller who has one left.
   *
   * @returns milliseconds until the caller has calls again; 0 when the call was counted
   */
  count(who: string): number;
  /**
   * @param more as if this many had been counted besides
   * @returns milliseconds until the caller has calls again; null when there are some left
   */
  msUntilFree(who: string, more?: number): number | null;
  /** At most `most` of the windows that others have not been told of, for as long as they have waited; they leave the line. */
  takeUntold(most: number): Window[];
  /** What all processes counted in this window, and for how long it goes on. */
  hear(window: Window, total: number, leftMs: number): void;
  size(): number;
}

export interface WindowsSettings {
  rule: LimitRule;
  /** Milliseconds on a clock that is never set back; it need not be the time of day. */
  now: () => number;
  /** Whether there are others to tell. */
  isShared: boolean;
  /** How many callers are remembered. */
  maxKeys: number;
}

/**
 * Windows begin with a caller's first call. They live in two generations: each call brings its caller's window to the young
 * one; when that is half of what may be remembered, or a period old, it becomes the old one, and the old one is forgotten. A
 * period later nothing in there is still going on, so what is forgotten early is, in a flood of callers, those who have not
 * called for the longest time. That costs no timer per caller, and no search for whom to forget.
 */
export function createWindows({ rule, now, isShared, maxKeys }: WindowsSettings): Windows {
  let young = new Map<string, Window>();
  let old = new Map<string, Window>();
  let youngSince = now();
  let line: Window[] = [];

  function find(who: string, at: number): Window | undefined {
    const window = young.get(who) ?? old.get(who);
    return window !== undefined && window.endsAt > at ? window : undefined;
  }

  function keep(window: Window, at: number): void {
    if (young.size >= maxKeys / 2 || at - youngSince >= rule.periodMs) {
      old = young;
      young = new Map();
      youngSince = at;
    }
    young.set(window.who, window);
  }

  /** The caller's window, in the young generation. */
  function touch(who: string, at: number): Window {
    const seen = young.get(who);
    if (seen !== undefined && seen.endsAt > at) return seen;
    const window = find(who, at) ?? { who, count: 0, untold: 0, isInLine: false, endsAt: at + rule.periodMs };
    keep(window, at);
    return window;
  }

  function putInLine(window: Window): void {
    // The line holds windows that were forgotten above, too; while there is nobody to tell, it grows no longer than they.
    if (line.length >= maxKeys) return;
    window.isInLine = true;
    line.push(window);
  }

  return {
    count(who) {
      const at = now();
      const window = touch(who, at);
      if (window.count >= rule.calls) return Math.ceil(window.endsAt - at);
      window.count++;
      if (!isShared) return 0;
      window.untold++;
      if (!window.isInLine) putInLine(window);
      return 0;
    },
    msUntilFree(who, more = 0) {
      const at = now();
      const window = find(who, at);
      if ((window?.count ?? 0) + more < rule.calls) return null;
      return Math.ceil((window?.endsAt ?? at + rule.periodMs) - at);
    },
    takeUntold(most) {
      const at = now();
      const taken = line.slice(0, most);
      line = line.slice(most);
      for (const window of taken) window.isInLine = false;
      return taken.filter(({ endsAt }) => endsAt > at);
    },
    hear(window, total, leftMs) {
      const all = total + window.untold;
      // Fewer than we know of: the others lost count, and begin a window that is not ours.
      if (all < window.count || leftMs <= 0) return;
      window.count = all;
      window.endsAt = now() + Math.min(leftMs, rule.periodMs);
    },
    size: () => young.size + old.size,
  };
}
