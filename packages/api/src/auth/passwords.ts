import { hash, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';
import { ProblemError } from '../problem.ts';

/** OWASP's second profile for argon2id, which is this library's default algorithm: 19 MiB, two passes, one lane. */
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** At most this many hashes at once, so that a wave of logins leaves a core to the box office. */
const MAX_AT_ONCE = 2;
/** Beyond this many callers in line a login would wait for more than half a minute. */
const MAX_WAITING = 1000;

export interface Passwords {
  hash: (password: string) => Promise<string>;
  /** Takes as long for an unknown account (`hashed` null) as for a known one, and then answers false. */
  verify: (hashed: string | null, password: string) => Promise<boolean>;
}

/** Argon2id with bounded concurrency. */
export function createPasswords(): Passwords {
  const limit = pLimit(MAX_AT_ONCE);
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    if (limit.pendingCount >= MAX_WAITING) throw new ProblemError({ code: 'overloaded', retryAfterMs: 5000 });
    return limit(work);
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
