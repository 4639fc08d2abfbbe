import type { Redis } from 'ioredis';
import type { Logger } from '../context.ts';
import { ProblemError } from '../problem.ts';
import { createPasswordTries, type TryPassword } from './password-tries.ts';
import { createSharedCounts, type SharedCounts } from './shared-counts.ts';
import { createWindows, type LimitRule, type Windows } from './windows.ts';

/** What is counted apart: any call; calls that hold, book or confirm; accounts that are opened; tokens looked up that are nobody's. */
export type LimitClass = 'general' | 'booking' | 'register' | 'lookup';

/** How much of everything one caller may do. Callers are named by `userKey` and `addressKey`. */
export interface Limits {
  /** Counts one call. @throws ProblemError `too_many_requests` when the caller has none left; that call is not counted */
  charge(limit: LimitClass, who: string): void;
  /** The same for those who do not throw: 0, or the milliseconds until the caller has calls again. */
  count(limit: LimitClass, who: string): number;
  /** Milliseconds until the caller has calls again; null when there are some left. */
  isOver(limit: LimitClass, who: string): number | null;
  /** Checks a password where there are tries left. */
  tryPassword: TryPassword;
  /** Tells other processes what was counted here, and hears of theirs, now instead of within a quarter of a second. */
  share(): Promise<void>;
  /** Ends the sharing, after one last time. */
  close(): Promise<void>;
}

/** For scripts, and where limits are off. */
export const noLimits: Limits = {
  charge: () => undefined,
  count: () => 0,
  isOver: () => null,
  tryPassword: (_tryer, check) => check(),
  share: async () => {},
  close: async () => {},
};

export interface LimitsSettings {
  calls: {
    /** Per 15 minutes, of a user or an address. */
    general: number;
    /** Per minute, of a user. */
    booking: number;
    /** Failures per 15 minutes, of an account and an address together. */
    login: number;
    /** Per 15 minutes, of an address. */
    register: number;
  };
  /** Null: each process counts alone. */
  redis: Redis | null;
  log: Logger;
  /** Milliseconds on a clock that is never set back. */
  now?: () => number;
  /** How many callers of each class are remembered. */
  maxKeys?: number;
}

const MINUTE_MS = 60_000;
const QUARTER_HOUR_MS = 15 * MINUTE_MS;
/** About 15 MB per class. In a flood of more callers, those who have not called for the longest are forgotten here; Redis remembers them. */
const MAX_KEYS = 100_000;
/** An address may be that of a whole school: it has as many failures as ten people. */
const FAILURES_OF_ADDRESS = 10;
/** Nobody forgets his password at twenty addresses at once. */
const FAILURES_OF_ACCOUNT = 20;
/** Of a pair, where the account is attacked. */
const FAILURES_WHEN_ATTACKED = 1;

/** Counts in memory, at once and exactly; several processes tell each other through Redis while there is one. */
export function createLimits({ calls, redis, log, ...settings }: LimitsSettings): Limits {
  const { now = () => performance.now(), maxKeys = MAX_KEYS } = settings;
  const shared = new Map<string, { windows: Windows; periodMs: number }>();
  const open = (name: string, rule: LimitRule): Windows => {
    const windows = createWindows({ rule, now, isShared: redis !== null, maxKeys });
    shared.set(name, { windows, periodMs: rule.periodMs });
    return windows;
  };
  const perQuarterHour = (count: number): LimitRule => ({ calls: count, periodMs: QUARTER_HOUR_MS });

  const classes: Record<LimitClass, Windows> = {
    general: open('general', perQuarterHour(calls.general)),
    booking: open('booking', { calls: calls.booking, periodMs: MINUTE_MS }),
    register: open('register', perQuarterHour(calls.register)),
    // No more of them than an address has calls, though other calls do not count here.
    lookup: open('lookup', perQuarterHour(calls.general)),
  };
  const tryPassword = createPasswordTries({
    pair: open('login', perQuarterHour(calls.login)),
    pairOfAttacked: open('login-attacked', perQuarterHour(FAILURES_WHEN_ATTACKED)),
    address: open('login-address', perQuarterHour(calls.login * FAILURES_OF_ADDRESS)),
    account: open('login-account', perQuarterHour(calls.login * FAILURES_OF_ACCOUNT)),
  });
  const others: SharedCounts | null = redis === null ? null : createSharedCounts(redis, shared, log);

  return {
    charge(limit, who) {
      const retryAfterMs = classes[limit].count(who);
      if (retryAfterMs > 0) throw new ProblemError({ code: 'too_many_requests', retryAfterMs });
    },
    count: (limit, who) => classes[limit].count(who),
    isOver: (limit, who) => classes[limit].msUntilFree(who),
    tryPassword,
    share: async () => others?.share(),
    close: async () => others?.close(),
  };
}
