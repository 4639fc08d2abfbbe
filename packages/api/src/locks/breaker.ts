/** `closed`: all is well. `open`: left alone for a while. `half-open`: being tried again. */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerSettings {
  /** One try whether the other side is back; rejects while it is not. Runs in the background, never for a caller. */
  probe: () => Promise<void>;
  /** Told once when an outage begins, with its reason, and once when it is over. */
  onChange: (isClosed: boolean, reason: string) => void;
  /** How long the other side is left alone after a failure; doubles with each probe that fails. */
  firstRestMs?: number;
  longestRestMs?: number;
}

export interface Breaker {
  state(): BreakerState;
  /** It works. */
  succeeded(): void;
  /** It does not work: opens the breaker. */
  failed(reason: string): void;
  /** It answered, but too late to be of use: opens the breaker when that goes on for a second. */
  late(): void;
  /** There is reason to hope: probes now instead of at the end of the rest. */
  retryNow(): void;
  /** Ends the probes for good. */
  end(): Promise<void>;
}

const FIRST_REST_MS = 1000;
const LONGEST_REST_MS = 30_000;
const LATE_PATIENCE_MS = 1000;

/**
 * Keeps callers away from something that does not work. They pay for the failure that opens it and for nothing after
 * that: whether it works again is found out by probes in the background, one at a time.
 */
export function createBreaker(settings: BreakerSettings): Breaker {
  const { probe, onChange, firstRestMs = FIRST_REST_MS, longestRestMs = LONGEST_REST_MS } = settings;
  let state: BreakerState = 'closed';
  let hasEnded = false;
  let restMs = firstRestMs;
  let closedAt = Number.NEGATIVE_INFINITY;
  let lateSince: number | null = null;
  let rest: NodeJS.Timeout | undefined;
  let probing: Promise<void> = Promise.resolve();

  const lengthenRest = () => {
    restMs = Math.min(restMs * 2, longestRestMs);
  };

  function open(): void {
    state = 'open';
    if (!hasEnded) rest = setTimeout(tryAgain, restMs).unref();
  }

  function tryAgain(): void {
    clearTimeout(rest);
    state = 'half-open';
    probing = probe().then(
      () => {
        state = 'closed';
        closedAt = performance.now();
        lateSince = null;
        onChange(true, '');
      },
      () => {
        lengthenRest();
        open();
      },
    );
  }

  function failed(reason: string): void {
    if (state !== 'closed') return;
    // What has only just come back and fails again is left alone for longer.
    if (performance.now() - closedAt < longestRestMs) lengthenRest();
    else restMs = firstRestMs;
    open();
    onChange(false, reason);
  }

  return {
    state: () => state,
    succeeded() {
      lateSince = null;
    },
    failed,
    late() {
      lateSince ??= performance.now();
      if (performance.now() - lateSince >= LATE_PATIENCE_MS) failed('its answers come too late');
    },
    retryNow() {
      if (state === 'open' && !hasEnded) tryAgain();
    },
    async end() {
      hasEnded = true;
      clearTimeout(rest);
      await probing;
    },
  };
}
