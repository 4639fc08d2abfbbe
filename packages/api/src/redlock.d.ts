/** What we use of Redlock: its own declarations are there, but its `exports` do not lead to them. */
declare module 'redlock' {
  import type { EventEmitter } from 'node:events';
  import type { Redis } from 'ioredis';

  export interface ExecutionStats {
    /** Per client the reason: a ResourceLockedError, what the script answered, or what went wrong on the way. */
    readonly votesAgainst: ReadonlyMap<Redis, Error>;
  }

  type Attempts = ReadonlyArray<Promise<ExecutionStats>>;

  /** No quorum, be it for contention or for an outage; only the votes tell which. */
  export class ExecutionError extends Error {
    readonly attempts: Attempts;
  }

  /** The script answered, but not with the number of keys. */
  export class ResourceLockedError extends Error {}

  export class Lock {
    constructor(redlock: Redlock, resources: string[], value: string, attempts: Attempts, expiration: number);
    readonly resources: string[];
    readonly value: string;
    readonly attempts: Attempts;
    readonly expiration: number;
  }

  export interface Scripts {
    /** A plain string, which Redlock's own types allow too, would be ignored in silence. */
    readonly acquireScript?: (script: string) => string;
  }

  export default class Redlock extends EventEmitter {
    constructor(clients: Iterable<Redis>, settings?: { readonly retryCount?: number }, scripts?: Scripts);
    /** @param duration whole milliseconds */
    acquire(resources: string[], duration: number): Promise<Lock>;
    release(lock: Lock): Promise<unknown>;
  }
}
