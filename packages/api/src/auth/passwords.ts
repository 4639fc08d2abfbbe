import { hash, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';
import { ProblemError } from '../problem.ts';

/** OWASP's second profile for argon2id, which is this library's default algorithm: 19 MiB, two passes, one lane. */
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export interface PasswordLimits {
  /** How many hashes are worked on at once, so that a wave of logins leaves a core to the box office. */
  maxAtOnce: number;
  /** How many callers may be in line. */
  maxWaiting: number;
}

/** Beyond a thousand in line a login would wait for more than half a minute. */
const DEFAULT_LIMITS: PasswordLimits = { maxAtOnce: 2, maxWaiting: 1000 };

export interface Passwords {
  hash: (password: string) => Promise<string>;
  /** Takes as long for an unknown account (`hashed` null) as for a known one, and then answers false. */
  verify: (hashed: string | null, password: string) => Promise<boolean>;
}

/** Argon2id with bounded concurrency; who finds the line full is told `overloaded`. */
export function createPasswords({ maxAtOnce, maxWaiting } = DEFAULT_LIMITS): Passwords {
  const limit = pLimit(maxAtOnce);
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (limit.pendingCount >= maxWaiting) throw new ProblemError({ code: 'overloaded', retryAfterMs: 5000 });
    return await limit(work);
  };
  let nobody: Promise<string> | undefined;
  return {
    hash: (password) => inTurn(() => hash(password, OPTIONS)),
    verify: async (hashed, password) => {
      nobody ??= hash('nobody has this password', OPTIONS);
      const against = hashed ?? (await nobody);
      const matches = await inTurn(() => verify(against, password));
      return matches && hashed !== null;
    },
  };
}
