import { hash } from 'node:crypto';
import { ProblemError } from '../problem.ts';
import { addressKey } from './callers.ts';
import type { Windows } from './windows.ts';

/** Who tries a password, and on which account; whether there is such an account does not matter. */
export interface Tryer {
  email: string;
  address: string;
}

/** The failures that decide about the next try. */
export interface FailureCounts {
  /** Of an account and an address together. */
  pair: Windows;
  /** The same, with the limit for accounts that many addresses fail on. */
  pairOfAttacked: Windows;
  /** Of an address, over all accounts. */
  address: Windows;
  /** Of an account, over all addresses. */
  account: Windows;
}

/** @throws ProblemError `too_many_requests` before the check is made, or whatever the check throws */
export type TryPassword = <T>(tryer: Tryer, check: () => Promise<T>) => Promise<T>;

/** Checks that are under way are decided within seconds, and then it is known whether there are tries left. */
const RETRY_MS = 1000;

/**
 * Lets somebody try a password while there are tries left. Only `invalid_credentials` costs one, and a success gives none
 * back: an address whose owner signs in would otherwise be a place to go on guessing from. Checks that are under way count
 * as failures until they are done, or all tries could be made many times at once.
 *
 * Failures of strangers never close an account: those at one address are counted by address, and when there are many over
 * all addresses, each pair has fewer tries, but who has not failed has one.
 */
export function createPasswordTries(failures: FailureCounts): TryPassword {
  const underWay = new Map<string, number>();

  return async (tryer, check) => {
    const address = addressKey(tryer.address);
    // Hashed, so that Redis and its keys tell nobody who has an account.
    const account = hash('sha256', tryer.email, 'base64url').slice(0, 22);
    const pair = `${account}@${address}`;
    const isAttacked = failures.account.msUntilFree(account) !== null;
    refuseIfOver(isAttacked ? failures.pairOfAttacked : failures.pair, pair, underWay.get(pair));
    refuseIfOver(failures.address, address, underWay.get(address));
    add(underWay, pair, 1);
    add(underWay, address, 1);
    try {
      return await check();
    } catch (error) {
      if (error instanceof ProblemError && error.problem.code === 'invalid_credentials') {
        failures.pair.count(pair);
        failures.pairOfAttacked.count(pair);
        failures.address.count(address);
        failures.account.count(account);
      }
      throw error;
    } finally {
      add(underWay, pair, -1);
      add(underWay, address, -1);
    }
  };
}

function refuseIfOver(windows: Windows, who: string, underWay = 0): void {
  const isUsedUp = windows.msUntilFree(who);
  const retryAfterMs = isUsedUp ?? (windows.msUntilFree(who, underWay) === null ? null : RETRY_MS);
  if (retryAfterMs !== null) throw new ProblemError({ code: 'too_many_requests', retryAfterMs });
}

function add(counts: Map<string, number>, key: string, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
