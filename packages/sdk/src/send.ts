import { explainFailure, type Failure, noAnswer } from './failure.ts';

/** How one call is sent. */
export interface SendOptions {
  /** Whether sending the call twice does no more than sending it once. */
  repeatable: boolean;
  /** How many more attempts there may be after the first. */
  retries: number;
  /** How long all of it may take, in milliseconds. */
  timeoutMs: number;
  signal: AbortSignal | undefined;
  idempotencyKey: string | undefined;
}

const FIRST_BACKOFF_MS = 200;
const LONGEST_BACKOFF_MS = 2000;
/** A server that asks for more patience than this gets its problem passed on to the caller, who can wait for other things. */
const LONGEST_RETRY_AFTER_MS = 10_000;
/** Timers take no more; whoever allows more than 24 days allows any time. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Makes attempts until one succeeds, may not be made again, or time is up.
 *
 * There is no limit for a single attempt: giving up on a busy server to ask it again is what keeps it busy.
 *
 * @throws EventlyError, or the reason of the caller's signal
 */
export async function send<T>(attempt: (signal: AbortSignal) => Promise<T>, options: SendOptions): Promise<T> {
  options.signal?.throwIfAborted();
  const limit = startLimit(options);
  try {
    for (let retry = 1; ; retry += 1) {
      try {
        return await limit.race(attempt(limit.signal));
      } catch (thrown) {
        if (limit.signal.aborted) throw limit.signal.reason;
        const failure = explainFailure(thrown, options.idempotencyKey);
        const pauseMs = pauseBefore(retry, failure, options);
        if (pauseMs === null || pauseMs >= limit.remainingMs()) throw failure.error;
        await limit.pause(pauseMs);
      }
    }
  } finally {
    limit.end();
  }
}

/** How long to wait before the given retry, in milliseconds; null when there should be none. */
function pauseBefore(retry: number, { error, again }: Failure, { retries, repeatable }: SendOptions): number | null {
  if (retry > retries || again === 'never' || (again === 'repeatable' && !repeatable)) return null;
  const retryAfterMs = 'retryAfterMs' in error.problem ? error.problem.retryAfterMs : 0;
  if (retryAfterMs > LONGEST_RETRY_AFTER_MS) return null;
  // Between half of it and all of it, so that clients that failed together do not come back together.
  const backoffMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (retry - 1)) * (0.5 + Math.random() / 2);
  return retryAfterMs + backoffMs;
}

/** The end of a call: by the caller's signal or by the clock, whichever comes first. */
function startLimit({ signal: outer, timeoutMs, idempotencyKey }: SendOptions) {
  const controller = new AbortController();
  const { signal } = controller;
  const endsAt = performance.now() + timeoutMs;
  const onAbort = () => controller.abort(outer?.reason);
  const onTimeout = () => {
    const cause = new DOMException('The call took too long.', 'TimeoutError');
    controller.abort(noAnswer(`No answer came within ${timeoutMs / 1000} s.`, cause, idempotencyKey));
  };
  outer?.addEventListener('abort', onAbort, { once: true });
  const timer = timeoutMs <= LONGEST_TIMER_MS ? setTimeout(onTimeout, timeoutMs) : undefined;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  // The caller learns of the end at once, even where a custom fetch does not heed its signal.
  const race = <T>(promise: Promise<T>): Promise<T> => Promise.race([promise, aborted]);
  return {
    signal,
    race,
    remainingMs: () => endsAt - performance.now(),
    pause: async (ms: number) => {
      let pauseTimer: ReturnType<typeof setTimeout> | undefined;
      const passed = new Promise<void>((resolve) => {
        pauseTimer = setTimeout(resolve, ms);
      });
      await race(passed).finally(() => clearTimeout(pauseTimer));
    },
    end: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onAbort);
    },
  };
}
