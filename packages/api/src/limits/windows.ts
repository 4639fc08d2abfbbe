/** How many calls within how many milliseconds. */
export interface LimitRule {
  calls: number;
  periodMs: number;
}

/** What one caller did in one period. The first begins with the first call, and while the caller goes on, each ends in the next. */
export interface Window {
  readonly who: string;
  /** Here, and as far as we heard in the other processes. */
  count: number;
  /** The same of the period before this one, of which as much still counts as is left of this one. */
  before: number;
  /** Counted here, and not told the others yet. */
  untold: number;
  /** Whether it is in line to be told. */
  isInLine: boolean;
  /** On the clock of this process, in milliseconds. */
  endsAt: number;
}

/** What all processes know of a caller, as `Window` has it. */
export interface Heard {
  count: number;
  before: number;
  leftMs: number;
}

/** The calls of one class, counted in memory: callers wait for nobody. */
export interface Windows {
  /**
   * Counts one call of a caller who has one left.
   *
   * @returns milliseconds until the caller has a call again; 0 when this one was counted
   */
  count(who: string): number;
  /**
   * @param more as if this many had been counted besides
   * @returns milliseconds until the caller has a call again; null when there are some left
   */
  msUntilFree(who: string, more?: number): number | null;
  /** At most `most` of the windows that others have not been told of, for as long as they have waited; they leave the line. */
  takeUntold(most: number): Window[];
  /** What all processes counted in this window and the one before, and for how long it goes on. */
  hear(window: Window, heard: Heard): void;
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
 * A sliding count: what was counted in the period before fades evenly while this one goes on, as if it had been spread over
 * it. Nobody has all their calls twice around the end of a period, and two numbers per caller are enough for that.
 *
 * Windows live in two generations: each call brings its caller's window to the young one; when that is half of what may be
 * remembered, or two periods old, it becomes the old one, and the old one is forgotten. Two periods later nothing in there
 * counts any more, so what is forgotten early is, in a flood of callers, those who have not called for the longest time.
 * That costs no timer per caller, and no search for whom to forget.
 */
export function createWindows({ rule, now, isShared, maxKeys }: WindowsSettings): Windows {
  const { calls, periodMs } = rule;
  let young = new Map<string, Window>();
  let old = new Map<string, Window>();
  let youngSince = now();
  let line: Window[] = [];

  const begin = (who: string, at: number): Window => ({
    who,
    count: 0,
    before: 0,
    untold: 0,
    isInLine: false,
    endsAt: at + periodMs,
  });

  /** The caller's window at this moment, which may be one that nobody has called in yet. */
  function find(who: string, at: number): Window | undefined {
    const window = young.get(who) ?? old.get(who);
    if (window === undefined || window.endsAt > at) return window;
    if (window.endsAt + periodMs <= at) return undefined;
    return { ...begin(who, window.endsAt), before: window.count };
  }

  function keep(window: Window, at: number): void {
    if (young.size >= maxKeys / 2 || at - youngSince >= 2 * periodMs) {
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
    const window = find(who, at) ?? begin(who, at);
    keep(window, at);
    return window;
  }

  function putInLine(window: Window): void {
    // The line holds windows that were forgotten above, too; while there is nobody to tell, it grows no longer than they.
    if (line.length >= maxKeys) return;
    window.isInLine = true;
    line.push(window);
  }

  /** 0 while there is a call left. */
  function msUntilCall({ count, before, endsAt }: Window, at: number, more: number): number {
    const leftMs = endsAt - at;
    const left = calls - count - more;
    if (left > 0 && (before === 0 || before * leftMs <= left * periodMs)) return 0;
    // Either so much of the period before has faded, or of this one in the next.
    const fadedMs = left > 0 ? (left * periodMs) / before : (calls * periodMs) / (calls - left) - periodMs;
    return Math.max(1, Math.ceil(leftMs - fadedMs));
  }

  return {
    count(who) {
      const at = now();
      const window = touch(who, at);
      const waitMs = msUntilCall(window, at, 0);
      if (waitMs > 0) return waitMs;
      window.count++;
      if (!isShared) return 0;
      window.untold++;
      if (!window.isInLine) putInLine(window);
      return 0;
    },
    msUntilFree(who, more = 0) {
      const at = now();
      return msUntilCall(find(who, at) ?? begin(who, at), at, more) || null;
    },
    takeUntold(most) {
      const at = now();
      const taken = line.slice(0, most);
      line = line.slice(most);
      for (const window of taken) window.isInLine = false;
      return taken.filter(({ endsAt }) => endsAt > at);
    },
    hear(window, { count, before, leftMs }) {
      const all = count + window.untold;
      // Fewer than we know of: the others lost count, and begin a window that is not ours.
      if (all < window.count || leftMs <= 0) return;
      window.count = all;
      window.before = Math.max(window.before, before);
      window.endsAt = now() + Math.min(leftMs, periodMs);
    },
    size: () => young.size + old.size,
  };
}
